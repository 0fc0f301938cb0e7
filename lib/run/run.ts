/** `unsock run`: becomes a command. The C code (`c/program/run.c`) parses the arguments and does the work. */
import { becomeLibrary } from "../library/exec.ts";
import type { Context } from "../system/context.ts";
import { findOwnShim } from "./own_shim.ts";

/**
 * Becomes it, by the library that `--lib` names, where there is no other.
 *
 * @param lib The value of `--lib`.
 * @param context Its surroundings.
 * @throws {UnsockError} When it cannot.
 */
export async function run(lib: string | undefined, { args, environ }: Context): Promise<never> {
  return await becomeLibrary(await findOwnShim(lib, (name) => environ.getFilled(name)), args);
}
