/** Opens the command line's own library for questions. */
import { Library } from "./query.ts";
import type { Context } from "../system/context.ts";
import { findLibrary } from "./find.ts";

/**
 * Finds the library. Its answers depend on the caller's environment.
 *
 * @param option The value of `--lib`.
 * @throws {LibraryError} When there is none.
 */
export function ownLibrary({ environ }: Context, option?: string): Library {
  return new Library(findLibrary(option, (name) => environ.getFilled(name)), environ);
}
