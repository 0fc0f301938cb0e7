/** `unsock run`: becomes a command. What it does is in C (`c/program/run.c`), which reads the words by itself. */
import type { Context } from "../system/context.ts";
import { UnsockError } from "../system/errors.ts";
import { callRun } from "./direct.ts";
import { findOwnShim } from "./own_shim.ts";

/**
 * Becomes it, by the library that `--lib` names, where there is no other.
 *
 * @param lib The value of `--lib`.
 * @param context Its surroundings.
 * @returns The exit status, with `--dry-run` alone: else this process has become the command.
 * @throws {UnsockError} When it cannot.
 */
export async function run(lib: string | undefined, { args, environ, system }: Context): Promise<number> {
  const own = await findOwnShim(lib, (name) => environ.getFilled(name), system);
  const status = callRun(own, args.length);
  if (status === undefined) throw new UnsockError("run: /proc does not tell this process's words: is it mounted?");
  return status;
}
