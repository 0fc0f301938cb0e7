/** Opens the command line's own library for questions. */
import { Library } from "../library/query.ts";
import type { Context } from "../system/context.ts";
import { findOwnShim } from "./own_shim.ts";

/**
 * Finds the library. Its answers depend on the caller's environment.
 *
 * @param option The value of `--lib`.
 * @throws {ShimError} When there is none.
 */
export function ownLibrary({ environ }: Context, option?: string): Library {
  return new Library(findOwnShim(option, (name) => environ.getFilled(name)), environ);
}
