/** The library that the command line does its own work by, opened. */
import type { Context } from "../system/context.ts";
import { openRunner, type Runner } from "../system/ffi.ts";
import { findOwnShim } from "./own_shim.ts";

/**
 * Finds it and opens it.
 *
 * @param option The value of `--lib`.
 * @throws {ShimError} When there is none.
 */
export async function ownRunner({ environ, system }: Context, option?: string): Promise<Runner> {
  return openRunner(await findOwnShim(option, (name) => environ.getFilled(name), system));
}
