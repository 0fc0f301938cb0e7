/** `unsock run`: executes the library, which parses the arguments and does the work (`c/program/run.c`). */
import { becomeLibrary } from "../library/exec.ts";
import type { RunOptions } from "../library/query.ts";
import type { Context } from "../system/context.ts";
import { LibraryError } from "../system/errors.ts";
import { systemProblem } from "../system/platform.ts";
import { runOnNetwork } from "./optional.ts";
import { findLibrary } from "../library/find.ts";

/**
 * Executes the library, which executes the command.
 *
 * @param options The options. `lib` is used only if no other library is found.
 * @param context The environment and all arguments.
 * @returns 0 for `--dry-run` with `--optional` where unsock cannot work; otherwise never.
 * @throws {UnsockError} When no library is found, or it cannot be executed.
 */
export async function run(
  options: RunOptions & { readonly lib?: string },
  words: readonly string[],
  context: Context,
): Promise<number> {
  try {
    return await becomeLibrary(find(options.lib, context), context.args);
  } catch (error) {
    if (options.optional === undefined || !(error instanceof LibraryError)) throw error;
    return await runOnNetwork(error.message, options, words, context);
  }
}

function find(lib: string | undefined, { environ }: Context): string {
  const why = systemProblem();
  if (why !== undefined) throw new LibraryError(why);
  return findLibrary(lib, (name) => environ.getFilled(name));
}
