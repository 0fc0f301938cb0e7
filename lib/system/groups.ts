/** Groups of users, asked of libc, which knows where they are kept. */
import { cString, type Libc } from "./ffi.ts";
import { parseDecimal } from "./numbers.ts";

/** A group. */
export interface Group {
  readonly name: string;
  readonly gid: number;
}

/** `struct group` on 64-bit Linux: two pointers, then the number. */
const GID_OFFSET = 16;
const GID_MOST = 0xffff_fffe;

/**
 * @param text A name, or a number.
 * @returns The group; undefined: there is none of this name.
 */
export function findGroup(text: string, libc: Libc): Group | undefined {
  const entry = libc.getgrnam(cString(text));
  if (entry !== null) return { name: text, gid: new Deno.UnsafePointerView(entry).getUint32(GID_OFFSET) };
  const gid = parseDecimal(text, 0, GID_MOST);
  return gid === undefined ? undefined : { name: text, gid };
}
