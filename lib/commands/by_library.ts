/** Commands that the library runs itself, as a program (`c/program/program.c`). */
import { becomeLibrary } from "../library/exec.ts";
import { findLibrary } from "../library/find.ts";
import type { Context } from "../system/context.ts";

/**
 * Executes the library in place of this process. The library reads the arguments itself.
 *
 * @param lib The value of `--lib`, which is used only if no other library is found.
 * @throws {LibraryError} When no library is found.
 * @throws {CommandError} When the library cannot be executed.
 */
export async function byLibrary({ args, environ }: Context, lib?: string): Promise<never> {
  return await becomeLibrary(findLibrary(lib, (name) => environ.getFilled(name)), args);
}
