/** On which address a datagram port's first socket is: what the library has left at its file, for whoever binds next. */
import { cString, type Libc } from "../system/ffi.ts";

/** The address that a socket is bound to. */
export interface BoundAddress {
  readonly text: string;
  /** Whether it is `::` for both families. */
  readonly forBoth: boolean;
}

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_=";

function address(text: string, forBoth = false): BoundAddress {
  return { text, forBoth };
}

function loopback(low: number): BoundAddress {
  return address(`127.${low >> 16 & 0xff}.${low >> 8 & 0xff}.${low & 0xff}`);
}

/** The first two bits of an address's number, as `c/rules/own_name.c` makes it: which loopback one, or which of several. */
const [LOOPBACK4, WILDCARD] = [0, 3];

/**
 * @param text The five characters that stand for an address in a name that would be too long (`c/rules/own_name.c`).
 * @returns The address; undefined: they may stand for several.
 */
export function ofShortName(text: string): BoundAddress | undefined {
  const number = [...text].reduce((sum, digit) => sum << 6 | DIGITS.indexOf(digit), 0);
  const kind = number >>> 28 & 3;
  if (kind === LOOPBACK4) return loopback(number);
  return kind === WILDCARD ? address((number & 1) === 1 ? "::" : "0.0.0.0") : undefined;
}

const NUMBER_BITS = 27;
const NUMBER_MASK = (1 << NUMBER_BITS) - 1;
const FLAG_BITS = 2;

/**
 * @param number `unsock_own_name_number` (`c/rules/own_name.h`) of a bound address.
 * @returns The address; undefined: it may be one of several.
 */
export function ofNumber(number: number): BoundAddress | undefined {
  const [kind, which] = [number >> NUMBER_BITS - 2 & 3, number & NUMBER_MASK >> 2];
  if (kind === LOOPBACK4) return loopback(which);
  if (kind !== WILDCARD) return undefined;
  return [address("0.0.0.0"), address("::", true), address("::"), address("::1")][which];
}

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const STATX_MTIME = 0x40;
const STATX_SIZE = 256;
const MTIME_AT = 112;

/**
 * The runtime tells a time before 1970 as one after it.
 *
 * @param file Path of a datagram socket that has the port's own name.
 * @returns Undefined: nobody says, as of a plain Unix server's; or another one may be meant.
 */
export function addressOfFirst(file: string, libc: Libc): BoundAddress | undefined {
  const status = new Uint8Array(STATX_SIZE);
  if (libc.statx(AT_FDCWD, cString(file), AT_SYMLINK_NOFOLLOW, STATX_MTIME, status) !== 0) return undefined;
  return ofModification(new DataView(status.buffer).getBigInt64(MTIME_AT, true));
}

/** As `c/files/origin.c` notes it, in seconds before 1970, with flags above the number. */
function ofModification(seconds: bigint): BoundAddress | undefined {
  const told = -1n - seconds;
  if (told < 0n || told >= 1n << BigInt(NUMBER_BITS + FLAG_BITS)) return undefined;
  return ofNumber(Number(told) & NUMBER_MASK);
}
