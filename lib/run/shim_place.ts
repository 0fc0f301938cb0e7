/** What finding the library and unpacking it have in common. */
import { reason } from "../system/errors.ts";
import { openRunner } from "../system/ffi.ts";
import { parentOf, strangersHand } from "./trusted_file.ts";

export const NAME = "libunsock.so";

/** The source tree; in a compiled binary, what it carries. */
export const ROOT = parentOf(parentOf(import.meta.dirname ?? "/"));

/** Where this source tree puts what it builds; in a compiled binary, what it carries. */
export const BUILT = `${ROOT}/build/${NAME}`;

/** Whose process this is, as far as it counts for trust. */
export interface Owner {
  readonly euid: number;
}

/** An environment: a variable that is empty is as good as unset. */
export type Variables = (name: string) => string | undefined;

/** @returns Why it must not be loaded, or undefined: nobody but root and the user could have written it. */
export function distrust(file: string, system: Owner): string | undefined {
  try {
    return strangersHand(file, system.euid);
  } catch (error) {
    return reason(error);
  }
}

/** Why nothing can be preloaded from there, in the words of `c/process/proof.c`. */
export const NOEXEC = "its file system is mounted noexec";

/** @returns Whether code can be mapped from where the file is, which is whole and trusted: by doing it. */
export function isMappable(file: string): boolean {
  try {
    void openRunner(file).unsock_run_called;
    return true;
  } catch (error) {
    return !/failed to map segment/.test(reason(error));
  }
}
