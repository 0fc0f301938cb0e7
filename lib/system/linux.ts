/** Whose process this is. */
import { intOf, type Libc } from "./ffi.ts";

/** Real and effective user and group. */
export interface System {
  readonly uid: number;
  readonly euid: number;
  readonly gid: number;
  readonly egid: number;
}

/** @returns What the kernel says. */
export function askSystem(libc: Libc): System {
  return { uid: libc.getuid(), euid: effectiveUser(libc), gid: libc.getgid(), egid: libc.getegid() };
}

/** @returns Its effective user. */
export function effectiveUser(libc: Libc): number {
  return intOf(libc.geteuid()) >>> 0;
}
