/**
 * Makes a control file from the options of `make-control`. Each kind of target has a group of options, and only one
 * group may be used. Does no I/O except through {@linkcode Paths}; runs on Deno and on Node.js.
 */
import { posix } from "node:path";
import { UsageError } from "../system/errors.ts";
import { parseIp } from "../system/ip_text.ts";
import { LAST_PORT, parseDecimal } from "../system/numbers.ts";
import { optionFlag } from "../system/text.ts";
import {
  type Address,
  type ControlFile,
  type HalfClose,
  SOCKET_OPTIONS_MOST,
  type Target,
  type TipcAddress,
  UNIX_NAME_MOST,
  type UnixAddress,
} from "./format.ts";
import type { ControlOptions } from "./option_table.ts";
import { readSocketOption } from "./socket_options.ts";

/** Resolves relative paths and links. */
export interface Paths {
  /** @returns The working directory, or undefined if it was removed. */
  readonly working: () => string | undefined;
  /** @returns The path without links and relative parts, or undefined if no file has this path. */
  readonly real: (path: string) => string | undefined;
}

type OptionName = keyof ControlOptions;

const TIPC: readonly OptionName[] = [
  "tipcType",
  "tipcInstance",
  "tipcLower",
  "tipcUpper",
  "tipcScope",
  "tipcAddrtype",
];
const VSOCK: readonly OptionName[] = ["vsockPort", "vsockCid", "fcSock", "fcListen"];
/** The groups of options, in the order in which an error message names them. */
const GROUPS: readonly (readonly OptionName[])[] = [TIPC, VSOCK, ["unix"], ["inet"], ["refuse"]];

const UINT32_MOST = 0xffffffff;
/** The next number is VMADDR_PORT_ANY, to which no client can connect. */
const VSOCK_PORT_MOST = UINT32_MOST - 1;
const CIDS = { any: UINT32_MOST, host: 2, local: 1 };
const ADDRESS_TYPES = { service: 2, range: 1, node: 3 };
const SCOPES = { cluster: 2, node: 3 };

function wrong(flag: string, why: string, text: string): UsageError {
  return new UsageError(`${flag}: ${why}: "${text}"`);
}

function usage(text: string): UsageError {
  return new UsageError(`make-control: ${text}`);
}

/**
 * Makes the control file that the user's options describe.
 *
 * @throws {UsageError} When options are missing, exclude each other or cannot be read.
 */
export function readControlOptions(options: ControlOptions, paths: Paths): ControlFile {
  if ((options.sockopt ?? []).length > SOCKET_OPTIONS_MOST) throw usage(`--sockopt: more than ${SOCKET_OPTIONS_MOST}`);
  const given = GROUPS.flatMap((names, group) =>
    names.filter((name) => options[name] !== undefined).map((name) => ({ name, group }))
  );
  const [first] = given;
  if (first === undefined) {
    throw usage("no target: give --vsock-port, --fc-sock, --tipc-type, --unix, --inet or --refuse");
  }
  const other = given.find(({ group }) => group !== first.group);
  if (other !== undefined) throw usage(`${optionFlag(first.name)} and ${optionFlag(other.name)} exclude each other`);
  const target = readTarget(options, paths);
  const socketOptions = (options.sockopt ?? []).map(readSocketOption);
  const halfClose = readHalfClose(options);
  if (halfClose !== undefined && socketOptions.length === SOCKET_OPTIONS_MOST) {
    const flag = options.halfClose === undefined ? "--fc-listen" : "--half-close";
    throw new UsageError(`${flag}: takes the place of one of ${SOCKET_OPTIONS_MOST} --sockopt`);
  }
  return { target, ...halfClose === undefined ? {} : { halfClose }, socketOptions };
}

/**
 * Reads `--half-close`. Its default with `--fc-listen` is `hold`, since Firecracker closes a guest's connection when
 * the host half-closes it.
 */
function readHalfClose({ halfClose, fcListen }: ControlOptions): HalfClose | undefined {
  if (halfClose === undefined) return fcListen === undefined ? undefined : "hold";
  if (halfClose !== "hold" && halfClose !== "pass") throw wrong("--half-close", "neither hold nor pass", halfClose);
  return halfClose;
}

function readTarget(options: ControlOptions, paths: Paths): Target {
  if (options.unix !== undefined) return readUnix("--unix", options.unix, paths);
  if (options.inet !== undefined) return readInternet(options.inet);
  if (options.refuse !== undefined) return { kind: "refuse" };
  return VSOCK.some((name) => options[name] !== undefined) ? readVsock(options, paths) : readTipc(options);
}

function readVsock({ vsockPort, vsockCid, fcSock, fcListen }: ControlOptions, paths: Paths): Target {
  const port = readNumber("--vsock-port", vsockPort, 1, VSOCK_PORT_MOST);
  if (fcListen !== undefined) {
    if (fcSock !== undefined) throw usage("--fc-sock and --fc-listen exclude each other");
    if (vsockCid !== undefined) throw usage("--fc-listen needs no --vsock-cid");
    const path = `${fcListen}_${port}`; // Firecracker connects guests to this path
    return unixAddress("--fc-listen", path, absolute("--fc-listen", path, paths), false);
  }
  const cid = readWord("--vsock-cid", vsockCid, CIDS, 0, UINT32_MOST) ?? CIDS.any;
  const guest = { kind: "vsock", port, cid, flags: 0 } as const;
  if (fcSock === undefined) return guest;
  if (vsockCid !== undefined) throw usage("--fc-sock needs no --vsock-cid");
  // As in unsock 1.1, links are resolved, and only an absolute path may name a socket that does not exist yet.
  const real = paths.real(fcSock);
  if (real === undefined && !fcSock.startsWith("/")) throw wrong("--fc-sock", "a relative path must exist", fcSock);
  return { kind: "firecracker", proxy: unixAddress("--fc-sock", fcSock, real ?? fcSock, false), guest };
}

function readTipc(options: ControlOptions): TipcAddress {
  const { tipcType, tipcInstance, tipcLower, tipcUpper, tipcScope, tipcAddrtype } = options;
  const isRange = tipcLower !== undefined || tipcUpper !== undefined;
  if (isRange === (tipcInstance !== undefined)) {
    throw usage("give either --tipc-instance or --tipc-lower and --tipc-upper");
  }
  const type = readNumber("--tipc-type", tipcType, 0, UINT32_MOST);
  const addressType = readWord("--tipc-addrtype", tipcAddrtype, ADDRESS_TYPES, 1, 3) ??
    (isRange ? ADDRESS_TYPES.range : ADDRESS_TYPES.service);
  const lower = isRange
    ? readNumber("--tipc-lower", tipcLower, 0, UINT32_MOST)
    : readNumber("--tipc-instance", tipcInstance, 0, UINT32_MOST);
  // The third word is a range's upper end, or a service's domain (0: everywhere). A socket's address does not use it.
  const upper = isRange
    ? readNumber("--tipc-upper", tipcUpper, 0, UINT32_MOST)
    : addressType === ADDRESS_TYPES.range
    ? lower
    : 0;
  if (addressType === ADDRESS_TYPES.range && upper < lower) {
    throw wrong("--tipc-upper", "below --tipc-lower", tipcUpper ?? "");
  }
  const scope = readWord("--tipc-scope", tipcScope, SCOPES, 0, 3) ?? SCOPES.cluster;
  return { kind: "tipc", addressType, scope, words: [type, lower, upper] };
}

function readNumber(flag: string, text: string | undefined, least: number, most: number): number {
  if (text === undefined) throw usage(`${flag} is missing`);
  const number = parseDecimal(text, least, most);
  if (number === undefined) throw wrong(flag, `not a number between ${least} and ${most}`, text);
  return number;
}

/** @returns The number, which `text` gives in digits or as a word, or undefined if the option is missing. */
function readWord(
  flag: string,
  text: string | undefined,
  words: Readonly<Record<string, number>>,
  least: number,
  most: number,
): number | undefined {
  if (text === undefined) return undefined;
  const number = (Object.hasOwn(words, text) ? words[text] : undefined) ?? parseDecimal(text, least, most);
  if (number !== undefined) return number;
  const bounds = most === UINT32_MOST ? "" : ` from ${least} to ${most}`;
  throw wrong(flag, `neither a number${bounds} nor one of ${Object.keys(words).join(", ")}`, text);
}

/** Reads the path of a Unix socket, or `@NAME`, an abstract name. */
function readUnix(flag: string, text: string, paths: Paths): UnixAddress {
  if (!text.startsWith("@")) return unixAddress(flag, text, absolute(flag, text, paths), false);
  if (text === "@") throw wrong(flag, "an empty name", text);
  return unixAddress(flag, text, text.slice(1), true);
}

function absolute(flag: string, text: string, { working }: Paths): string {
  if (text.startsWith("/")) return text;
  const directory = working();
  if (directory === undefined) {
    throw wrong(flag, "the working directory was removed: write an absolute path", text);
  }
  return posix.resolve(directory, text);
}

function unixAddress(flag: string, text: string, path: string, abstract: boolean): UnixAddress {
  const name = new TextEncoder().encode(path);
  if (name.length > UNIX_NAME_MOST - (abstract ? 1 : 0)) {
    throw wrong(flag, `longer than ${UNIX_NAME_MOST} bytes`, text);
  }
  return { kind: "unix", abstract, name };
}

/** Reads an address and a port: `192.0.2.1:80`, `[2001:db8::1]:80`, `[fe80::1%2]:80`. */
function readInternet(text: string): Address {
  const [, six, zone, four, digits = ""] = /^(?:\[([^\]%]*:[^\]%]*)(?:%(\d+))?\]|([^:[\]]*)):(\d+)$/.exec(text) ?? [];
  const port = parseDecimal(digits, 1, LAST_PORT);
  const scopeId = parseDecimal(zone ?? "0", 0, UINT32_MOST);
  const ip = parseIp(six ?? four ?? "");
  if (port === undefined || scopeId === undefined || ip === undefined) {
    throw wrong("--inet", "not an IP address and port, such as 192.0.2.1:80 or [2001:db8::1]:80", text);
  }
  return six === undefined ? { kind: "inet", ip, port } : { kind: "inet6", ip, port, scopeId };
}
