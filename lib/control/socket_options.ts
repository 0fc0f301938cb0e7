/** Socket options of a control file: names and values <-> `setsockopt` arguments. Pure. */
import { SOCKET_OPTION_VALUE_SIZE, type SocketOption } from "./control_file.ts";
import { UsageError } from "../system/errors.ts";
import { parseDecimal } from "../system/numbers.ts";

type ValueKind = "integer" | "seconds" | "tipc group";

interface KnownOption {
  readonly level: number;
  readonly name: number;
  readonly kind: ValueKind;
}

const SOL_SOCKET = 1;
const IPPROTO_TCP = 6;
const IPPROTO_IPV6 = 41;
const SOL_TIPC = 271;

const integer = (level: number, name: number): KnownOption => ({ level, name, kind: "integer" });

/** Linux's numbers, the same on x86-64 and aarch64. */
const KNOWN: Readonly<Record<string, KnownOption>> = {
  SO_DEBUG: integer(SOL_SOCKET, 1),
  SO_REUSEADDR: integer(SOL_SOCKET, 2),
  SO_DONTROUTE: integer(SOL_SOCKET, 5),
  SO_BROADCAST: integer(SOL_SOCKET, 6),
  SO_SNDBUF: integer(SOL_SOCKET, 7),
  SO_RCVBUF: integer(SOL_SOCKET, 8),
  SO_KEEPALIVE: integer(SOL_SOCKET, 9),
  SO_OOBINLINE: integer(SOL_SOCKET, 10),
  SO_PRIORITY: integer(SOL_SOCKET, 12),
  SO_REUSEPORT: integer(SOL_SOCKET, 15),
  SO_PASSCRED: integer(SOL_SOCKET, 16),
  SO_RCVLOWAT: integer(SOL_SOCKET, 18),
  SO_RCVTIMEO: { level: SOL_SOCKET, name: 20, kind: "seconds" },
  SO_SNDTIMEO: { level: SOL_SOCKET, name: 21, kind: "seconds" },
  SO_TIMESTAMP: integer(SOL_SOCKET, 29),
  SO_SNDBUFFORCE: integer(SOL_SOCKET, 32),
  SO_RCVBUFFORCE: integer(SOL_SOCKET, 33),
  SO_MARK: integer(SOL_SOCKET, 36),
  SO_BUSY_POLL: integer(SOL_SOCKET, 46),
  SO_ZEROCOPY: integer(SOL_SOCKET, 60),
  TCP_NODELAY: integer(IPPROTO_TCP, 1),
  TCP_MAXSEG: integer(IPPROTO_TCP, 2),
  TCP_CORK: integer(IPPROTO_TCP, 3),
  TCP_KEEPIDLE: integer(IPPROTO_TCP, 4),
  TCP_KEEPINTVL: integer(IPPROTO_TCP, 5),
  TCP_KEEPCNT: integer(IPPROTO_TCP, 6),
  TCP_USER_TIMEOUT: integer(IPPROTO_TCP, 18),
  IPV6_V6ONLY: integer(IPPROTO_IPV6, 26),
  IPV6_TCLASS: integer(IPPROTO_IPV6, 67),
  TIPC_IMPORTANCE: integer(SOL_TIPC, 127),
  TIPC_SRC_DROPPABLE: integer(SOL_TIPC, 128),
  TIPC_DEST_DROPPABLE: integer(SOL_TIPC, 129),
  TIPC_CONN_TIMEOUT: integer(SOL_TIPC, 130),
  TIPC_MCAST_BROADCAST: integer(SOL_TIPC, 133),
  TIPC_MCAST_REPLICAST: integer(SOL_TIPC, 134),
  TIPC_GROUP_JOIN: { level: SOL_TIPC, name: 135, kind: "tipc group" },
  TIPC_NODELAY: integer(SOL_TIPC, 138),
};

/** The names that are known. */
export const SOCKET_OPTION_NAMES: readonly string[] = Object.keys(KNOWN);

/**
 * @param text `NAME=VALUE`; NAME as in C or `LEVEL:NUMBER`. VALUE is a whole number, seconds with decimals for the
 * timeouts, `TYPE:INSTANCE:SCOPE:FLAGS` for `TIPC_GROUP_JOIN`.
 * @returns The option.
 * @throws {UsageError} When it is not that, or cannot be put into a control file.
 */
export function parseSocketOption(text: string): SocketOption {
  const equals = text.indexOf("=");
  if (equals < 0) throw new UsageError(`--sockopt: not NAME=VALUE: "${text}"`);
  const name = text.slice(0, equals);
  const known = KNOWN[name] ?? parseNumericName(name);
  if (known === undefined) {
    const why = name.startsWith("SO_VM_") ? "its 64-bit value or number 0 does not fit a control file" : "unknown";
    throw new UsageError(`--sockopt: ${why}: "${name}" (a name like SO_RCVBUF, or LEVEL:NUMBER)`);
  }
  const value = encodeValue(known.kind, text.slice(equals + 1));
  if (value === undefined) throw new UsageError(`--sockopt: ${name} needs ${EXPECTED[known.kind]}: "${text}"`);
  return { level: known.level, name: known.name, value };
}

const EXPECTED: Readonly<Record<ValueKind, string>> = {
  integer: "a 32-bit number",
  seconds: "seconds, such as 2.5",
  "tipc group": "TYPE:INSTANCE:SCOPE:FLAGS",
};

function parseNumericName(text: string): KnownOption | undefined {
  const [levelText = "", nameText = "", extra] = text.split(":");
  // Zero is no level and no number here: the library reads it as an empty slot.
  const level = parseDecimal(levelText, 1, 0xffffffff);
  const name = parseDecimal(nameText, 1, 0xffffffff);
  if (level === undefined || name === undefined || extra !== undefined) return undefined;
  return { level, name, kind: kindOf(level, name) };
}

function find(level: number, name: number): [string, KnownOption] | undefined {
  return Object.entries(KNOWN).find(([, option]) => option.level === level && option.name === name);
}

function kindOf(level: number, name: number): ValueKind {
  return find(level, name)?.[1].kind ?? "integer";
}

function encodeValue(kind: ValueKind, text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(SOCKET_OPTION_VALUE_SIZE);
  const view = new DataView(bytes.buffer);
  if (kind === "integer") {
    const magnitude = parseDecimal(text.replace(/^-/, ""), 0, text.startsWith("-") ? 0x80000000 : 0xffffffff);
    if (magnitude === undefined) return undefined;
    view.setInt32(0, text.startsWith("-") ? -magnitude : magnitude, true);
  } else if (kind === "seconds") {
    const match = /^(\d{1,9})(?:\.(\d{1,6}))?$/.exec(text);
    if (match === null) return undefined;
    view.setBigInt64(0, BigInt(match[1] ?? 0), true);
    view.setBigInt64(8, BigInt((match[2] ?? "").padEnd(6, "0")), true);
  } else {
    const numbers = text.split(":").map((part) => parseDecimal(part, 0, 0xffffffff));
    if (numbers.length !== 4 || numbers.includes(undefined)) return undefined;
    numbers.forEach((number, index) => view.setUint32(index * 4, number ?? 0, true));
  }
  return bytes;
}

/**
 * @param option From a control file.
 * @returns `NAME=VALUE`, which {@linkcode parseSocketOption} reads again.
 */
export function formatSocketOption(option: SocketOption): string {
  const name = find(option.level, option.name)?.[0] ?? `${option.level}:${option.name}`;
  const view = new DataView(option.value.buffer, option.value.byteOffset, option.value.byteLength);
  switch (kindOf(option.level, option.name)) {
    case "integer":
      return `${name}=${view.getInt32(0, true)}`;
    case "seconds": {
      const micros = `${view.getBigInt64(8, true)}`.padStart(6, "0").replace(/0+$/, "");
      return `${name}=${view.getBigInt64(0, true)}${micros === "" ? "" : `.${micros}`}`;
    }
    case "tipc group":
      return `${name}=${[0, 4, 8, 12].map((offset) => view.getUint32(offset, true)).join(":")}`;
  }
}
