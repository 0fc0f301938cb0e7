/** `unsock run`: executes the library, which parses the arguments and does the work (`c/program/run.c`). */
import { becomeLibrary } from "../library/exec.ts";
import type { Context } from "../system/context.ts";
import { findOwnShim } from "./own_shim.ts";

/**
 * Executes the library, which executes the command.
 *
 * @param lib The value of `--lib`, which counts only if no other library is found.
 * @param context Its surroundings.
 * @throws {UnsockError} When there is no library, or it cannot be executed.
 */
export async function run(lib: string | undefined, { args, environ }: Context): Promise<never> {
  return await becomeLibrary(findOwnShim(lib, (name) => environ.getFilled(name)), args);
}
