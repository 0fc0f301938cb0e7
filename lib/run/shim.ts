/** Finds the `libunsock.so` that is preloaded. */
import * as path from "@std/path/posix";
import type { Environ } from "../system/environ.ts";
import { ShimError } from "../system/errors.ts";
import { cString, openRunner, textOf } from "../system/ffi.ts";
import type { System } from "../system/linux.ts";
import { findOwnShim } from "./own_shim.ts";

/**
 * Finds the library: `--lib`, `UNSOCK_LIB`, else {@linkcode findOwnShim}'s. One that is named is proved first.
 *
 * @param option The value of `--lib`.
 * @returns An absolute path that `LD_PRELOAD` can hold.
 * @throws {ShimError} When there is none, or the one named is not fit.
 */
export async function findShim(option: string | undefined, environ: Environ, system: System): Promise<string> {
  const file = await findOwnShim(option, (name) => environ.getFilled(name), system);
  const named = option ?? environ.getFilled("UNSOCK_LIB");
  return checkShim(named === undefined ? file : path.resolve(named), file);
}

/** The library that is opened proves the one that is preloaded: without running any of that. */
function checkShim(file: string, own: string): string {
  const error = new Uint8Array(16_384);
  const result = openRunner(own).unsock_check_library(cString(file), error, BigInt(error.length));
  if (result < 0) throw new ShimError(textOf(error));
  return file;
}
