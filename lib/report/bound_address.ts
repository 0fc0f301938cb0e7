/** On which address a port's first socket is: what the library has left beside its file, or at it, for whoever binds next. */
import * as path from "@std/path/posix";
import { cString, type Libc } from "../system/ffi.ts";
import { linkTarget } from "../system/files.ts";
import { formatIp } from "../system/ip.ts";

/** The address that a socket is bound to. */
export interface BoundAddress {
  readonly text: string;
  /** Whether it is `::` for both families. */
  readonly forBoth: boolean;
}

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_+";

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
const FLAG_BITS = 3;

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

/** Which holder so many slashes behind the first dot mean. */
const HOLDERS = [address("127.0.0.1"), address("0.0.0.0"), address("::", true), address("::"), address("::1")];
const [ADDRESS4, ADDRESS6] = [5, 6];

/**
 * @param text What the link `.PORT.sock` says (`unsock_port_link_write` in `c/rules/own_name.h`).
 * @returns On which address the holder of `PORT.sock` is; undefined: nobody says.
 */
export function ofPortLink(text: string, port: number): BoundAddress | undefined {
  const dots = new RegExp(String.raw`^(?:\.${port}\.sock/)?((?:\./+)*)${port}\.sock$`).exec(text)?.[1];
  if (dots === undefined) return undefined;
  const [kind = 0, ...digits] = dots.split(".").slice(1).map((slashes) => slashes.length);
  if (kind < HOLDERS.length) return digits.length === 0 ? HOLDERS[kind] : undefined;
  const length = kind === ADDRESS4 ? 8 : kind === ADDRESS6 ? 32 : undefined;
  if (digits.length !== length || digits.some((digit) => digit > 16)) return undefined;
  const hex = digits.map((digit) => (digit - 1).toString(16)).join("");
  return address(formatIp(Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16))));
}

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const [STATX_MTIME, STATX_BTIME] = [0x40, 0x800];
const STATX_SIZE = 256;
const [MASK_AT, BTIME_AT, MTIME_AT] = [0, 80, 112];
const NANOSECONDS = 1_000_000_000n;

interface Times {
  /** Nanoseconds; undefined where the file system knows none. */
  readonly made: bigint | undefined;
  /** Seconds. */
  readonly modified: bigint;
}

/** The runtime tells a time before 1970 as one after it. */
function timesOf(file: string, libc: Libc): Times | undefined {
  const status = new Uint8Array(STATX_SIZE);
  const wanted = STATX_MTIME | STATX_BTIME;
  if (libc.statx(AT_FDCWD, cString(file), AT_SYMLINK_NOFOLLOW, wanted, status) !== 0) return undefined;
  const view = new DataView(status.buffer);
  const made = view.getBigInt64(BTIME_AT, true) * NANOSECONDS + BigInt(view.getUint32(BTIME_AT + 8, true));
  return {
    made: (view.getUint32(MASK_AT, true) & STATX_BTIME) === 0 ? undefined : made,
    modified: view.getBigInt64(MTIME_AT, true),
  };
}

/**
 * @param file Path of a socket that has the port's own name.
 * @param isStream Whether that is one of TCP's ports.
 * @returns Undefined: nobody says, as of a plain Unix server's; or another one may be meant.
 */
export function addressOfFirst(file: string, port: number, isStream: boolean, libc: Libc): BoundAddress | undefined {
  const times = timesOf(file, libc);
  if (times === undefined) return undefined;
  const link = path.join(path.dirname(file), `.${port}.sock`);
  const written = isStream ? timesOf(link, libc)?.made : undefined;
  // A killed server's link tells nothing about a socket that somebody else has put there since.
  const isOfThisOne = written !== undefined && times.made !== undefined && written >= times.made;
  const told = isOfThisOne ? ofPortLink(linkTarget(link) ?? "", port) : undefined;
  return told ?? ofModification(times.modified);
}

/** As `c/files/origin.c` notes it, in seconds before 1970, with flags above the number. */
function ofModification(seconds: bigint): BoundAddress | undefined {
  const told = -1n - seconds;
  if (told < 0n || told >= 1n << BigInt(NUMBER_BITS + FLAG_BITS)) return undefined;
  return ofNumber(Number(told) & NUMBER_MASK);
}
