/** A directory that is held open, so that whoever puts another in its place changes nothing. */
import { cString, type Libc } from "./ffi.ts";

/** The number is the same on all machines. */
const O_CLOEXEC = 0o2000000;

/**
 * @param directory Its path.
 * @returns A path to it, good for this process's life; the given one where it cannot be opened.
 */
export function heldPath(directory: string, libc: Libc): string {
  const descriptor = libc.open(cString(directory), O_CLOEXEC);
  return descriptor < 0 ? directory : `/proc/self/fd/${descriptor}`;
}
