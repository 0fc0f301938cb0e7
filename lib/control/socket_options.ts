/** Converts a control file's socket options from and to text, such as `SO_RCVBUF=8192`. Does no I/O. */
import { UsageError } from "../system/errors.ts";
import { parseDecimal } from "../system/numbers.ts";
import type { SocketOption } from "./format.ts";

/** Linux's numbers of socket options, by level. `FORMS` lists the options whose value is no 32-bit integer. */
const LEVELS: readonly (readonly [level: number, prefix: string, names: Readonly<Record<string, number>>])[] = [
  [1, "SO_", {
    DEBUG: 1,
    REUSEADDR: 2,
    DONTROUTE: 5,
    BROADCAST: 6,
    SNDBUF: 7,
    RCVBUF: 8,
    KEEPALIVE: 9,
    OOBINLINE: 10,
    PRIORITY: 12,
    REUSEPORT: 15,
    PASSCRED: 16,
    RCVLOWAT: 18,
    RCVTIMEO: 20,
    SNDTIMEO: 21,
    TIMESTAMP: 29,
    SNDBUFFORCE: 32,
    RCVBUFFORCE: 33,
    MARK: 36,
    BUSY_POLL: 46,
    ZEROCOPY: 60,
  }],
  [6, "TCP_", {
    NODELAY: 1,
    MAXSEG: 2,
    CORK: 3,
    KEEPIDLE: 4,
    KEEPINTVL: 5,
    KEEPCNT: 6,
    USER_TIMEOUT: 18,
  }],
  [41, "IPV6_", { V6ONLY: 26, TCLASS: 67 }],
  [271, "TIPC_", {
    IMPORTANCE: 127,
    SRC_DROPPABLE: 128,
    DEST_DROPPABLE: 129,
    CONN_TIMEOUT: 130,
    MCAST_BROADCAST: 133,
    MCAST_REPLICAST: 134,
    GROUP_JOIN: 135,
    NODELAY: 138,
  }],
];

const KNOWN = LEVELS.flatMap(([level, prefix, names]) =>
  Object.entries(names).map(([name, number]) => ({ text: `${prefix}${name}`, level, name: number }))
);

/** All known names, for completions. */
export const SOCKET_OPTION_NAMES: readonly string[] = KNOWN.map(({ text }) => text);

const UINT32_MOST = 0xffffffff;
const GROUP_WORDS = 4;

/** The text form of a value: an integer, `struct timeval` or `struct tipc_group_req`. */
interface Form {
  readonly expected: string;
  /** @returns The value's bytes, or undefined if the text has another form. */
  readonly read: (text: string) => Uint8Array | undefined;
  readonly format: (value: DataView) => string;
}

const INTEGER: Form = {
  expected: "a 32-bit number",
  read(text) {
    const isNegative = text.startsWith("-");
    const number = parseDecimal(isNegative ? text.slice(1) : text, 0, isNegative ? 0x80000000 : UINT32_MOST);
    return number === undefined ? undefined : bytesOf(Uint32Array.of(isNegative ? -number : number));
  },
  format: (value) => `${value.getInt32(0, true)}`,
};

const SECONDS: Form = {
  expected: "seconds, such as 2.5",
  read(text) {
    const [, whole, fraction = ""] = /^(\d{1,9})(?:\.(\d{1,6}))?$/.exec(text) ?? [];
    if (whole === undefined) return undefined;
    return bytesOf(BigInt64Array.of(BigInt(whole), BigInt(fraction.padEnd(6, "0"))));
  },
  format(value) {
    const [seconds, micro] = [value.getBigInt64(0, true), value.getBigInt64(8, true)];
    if (micro === 0n) return `${seconds}`;
    const digits = `${micro < 0n ? -micro : micro}`.padStart(6, "0").replace(/0+$/, "");
    return `${seconds}.${micro < 0n ? "-" : ""}${digits}`;
  },
};

const GROUP: Form = {
  expected: "TYPE:INSTANCE:SCOPE:FLAGS",
  read(text) {
    const words = text.split(":").map((word) => parseDecimal(word, 0, UINT32_MOST));
    const known = words.filter((word) => word !== undefined);
    return words.length === GROUP_WORDS && known.length === GROUP_WORDS ? bytesOf(Uint32Array.from(known)) : undefined;
  },
  format: (value) => Array.from({ length: GROUP_WORDS }, (_, index) => value.getUint32(4 * index, true)).join(":"),
};

const FORMS: Readonly<Record<string, Form>> = { SO_RCVTIMEO: SECONDS, SO_SNDTIMEO: SECONDS, TIPC_GROUP_JOIN: GROUP };

/** Returns the bytes of the integers: little-endian, as x86-64 and aarch64 are. */
function bytesOf({ buffer }: Uint32Array<ArrayBuffer> | BigInt64Array<ArrayBuffer>): Uint8Array {
  return new Uint8Array(buffer);
}

function formOf({ level, name }: Pick<SocketOption, "level" | "name">): { text: string; form: Form } {
  const text = KNOWN.find((known) => known.level === level && known.name === name)?.text ?? `${level}:${name}`;
  return { text, form: Object.hasOwn(FORMS, text) ? FORMS[text] ?? INTEGER : INTEGER };
}

/** Reads a known name, or LEVEL:NUMBER. Refuses a 0, since the library sets no option with level or number 0. */
function readName(text: string): Pick<SocketOption, "level" | "name"> | undefined {
  const known = KNOWN.find((known) => known.text === text);
  if (known !== undefined) return known;
  const [level, name, more] = text.split(":").map((word) => parseDecimal(word, 1, UINT32_MOST));
  return level === undefined || name === undefined || text.split(":").length !== 2 || more !== undefined
    ? undefined
    : { level, name };
}

/**
 * Reads `NAME=VALUE`; NAME as in C or `LEVEL:NUMBER`. VALUE is a whole number, seconds with decimals for the timeouts,
 * or `TYPE:INSTANCE:SCOPE:FLAGS` for `TIPC_GROUP_JOIN`.
 *
 * @throws {UsageError} When the text cannot be read.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const option = readSocketOption("SO_RCVBUF=65536");
 * assertEquals(option.level, 1); // SOL_SOCKET
 * assertEquals(formatSocketOption(option), "SO_RCVBUF=65536");
 * ```
 */
export function readSocketOption(text: string): SocketOption {
  const at = text.indexOf("=");
  if (at < 0) throw new UsageError(`--sockopt: not NAME=VALUE: "${text}"`);
  const [written, rest] = [text.slice(0, at), text.slice(at + 1)];
  const option = readName(written);
  if (option === undefined) {
    const why = text.startsWith("SO_VM_") ? "its 64-bit value or number 0 does not fit a control file" : "unknown";
    throw new UsageError(`--sockopt: ${why}: "${written}" (a name like SO_RCVBUF, or LEVEL:NUMBER)`);
  }
  const { form } = formOf(option);
  const value = form.read(rest);
  if (value === undefined) throw new UsageError(`--sockopt: ${written} needs ${form.expected}: "${text}"`);
  return { level: option.level, name: option.name, value };
}

/** @returns The option as text that {@linkcode readSocketOption} reads. */
export function formatSocketOption(option: SocketOption): string {
  const { text, form } = formOf(option);
  const value = new Uint8Array(32);
  value.set(option.value);
  return `${text}=${form.format(new DataView(value.buffer))}`;
}
