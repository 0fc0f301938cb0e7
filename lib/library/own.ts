/** Opens the command line's own library for questions. */
import { Library } from "./query.ts";
import type { Context } from "../system/context.ts";
import { findLibrary } from "./find.ts";

/**
 * Returns the command line's own library, which answers for the caller's environment.
 *
 * @param option The value of `--lib`.
 * @throws {LibraryError} When no library is found.
 */
export function ownLibrary({ environ }: Context, option?: string): Library {
  return new Library(findLibrary(option, (name) => environ.getFilled(name)), environ);
}
