/** Options of `make-control` -> a control file. */
import * as path from "@std/path/posix";
import { type ControlFile, MAX_SOCKET_OPTIONS } from "./control_file.ts";
import { UsageError } from "../system/errors.ts";
import { parseIpv4, parseIpv6 } from "../system/ip.ts";
import { parseDecimal } from "../system/numbers.ts";
import { optionFlag } from "../system/options.ts";
import type { ControlOptions } from "./option_table.ts";
import {
  type Address,
  Family,
  NOBODY,
  TipcAddressType,
  TipcScope,
  unixAddress,
  VSOCK_CID_ANY,
  VSOCK_CID_HOST,
  VSOCK_CID_LOCAL,
} from "./socket_address.ts";
import { parseSocketOption } from "./socket_options.ts";

const MAX_U32 = 0xffffffff;

/** `VMADDR_PORT_ANY` and 0 are no ports to connect to. */
const MAX_VSOCK_PORT = MAX_U32 - 1;

const SUN_PATH_SIZE = 108;

const CIDS: Readonly<Record<string, number>> = { any: VSOCK_CID_ANY, host: VSOCK_CID_HOST, local: VSOCK_CID_LOCAL };
const SCOPES: Readonly<Record<string, number>> = { cluster: TipcScope.Cluster, node: TipcScope.Node };
const ADDRESS_TYPES: Readonly<Record<string, number>> = {
  service: TipcAddressType.Service,
  range: TipcAddressType.Range,
  node: TipcAddressType.Node,
};

/** Options that say where to, in groups that exclude each other. */
const GROUPS: readonly (readonly (keyof ControlOptions)[])[] = [
  ["tipcType", "tipcInstance", "tipcLower", "tipcUpper", "tipcScope", "tipcAddrtype"],
  ["vsockPort", "vsockCid", "fcSock", "fcListen"],
  ["unix"],
  ["inet"],
  ["refuse"],
];

/**
 * @param options What the user wrote.
 * @param cwd The working directory, for relative paths.
 * @param realPath Resolves an existing path; throws `Deno.errors.NotFound` when there is none.
 * @returns The control file.
 * @throws {UsageError} When options are missing, contradict each other or cannot be read.
 */
export function controlFileFrom(
  options: ControlOptions,
  cwd: string,
  realPath: (file: string) => string,
): ControlFile {
  const groups = GROUPS.map((group) => group.filter((key) => options[key] !== undefined)).filter((keys) => keys.length);
  const [keys, others] = groups;
  if (keys === undefined) {
    throw new UsageError(
      "make-control: no target: give --vsock-port, --fc-sock, --tipc-type, --unix, --inet or --refuse",
    );
  }
  if (others !== undefined) {
    throw new UsageError(
      `make-control: ${optionFlag(keys[0] ?? "")} and ${optionFlag(others[0] ?? "")} exclude each other`,
    );
  }
  const sockopts = options.sockopt ?? [];
  if (sockopts.length > MAX_SOCKET_OPTIONS) throw new UsageError(`--sockopt: more than ${MAX_SOCKET_OPTIONS}`);
  return { ...target(options, cwd, realPath), socketOptions: sockopts.map(parseSocketOption) };
}

function target(
  options: ControlOptions,
  cwd: string,
  realPath: (file: string) => string,
): { proxy: Address | undefined; dest: Address } {
  if (options.refuse !== undefined) return plain(unixAddress(NOBODY));
  if (options.unix !== undefined) return plain(unixPath("--unix", options.unix, cwd));
  if (options.inet !== undefined) return plain(internet(options.inet));
  if (GROUPS[0]?.some((key) => options[key] !== undefined)) return plain(tipc(options));
  const port = number("--vsock-port", required(options.vsockPort, "--vsock-port"), 1, MAX_VSOCK_PORT);
  if (options.fcListen !== undefined) {
    if (options.fcSock !== undefined) {
      throw new UsageError("make-control: --fc-sock and --fc-listen exclude each other");
    }
    if (options.vsockCid !== undefined) throw new UsageError("make-control: --fc-listen needs no --vsock-cid");
    return plain(unixPath("--fc-listen", `${options.fcListen}_${port}`, cwd));
  }
  const cid = options.vsockCid === undefined ? VSOCK_CID_ANY : named("--vsock-cid", options.vsockCid, CIDS);
  const dest: Address = { family: Family.Vsock, port, cid, flags: 0 };
  if (options.fcSock === undefined) return plain(dest);
  if (options.vsockCid !== undefined) throw new UsageError("make-control: --fc-sock needs no --vsock-cid");
  return { proxy: multiplexer(options.fcSock, cwd, realPath), dest };
}

function plain(dest: Address): { proxy: undefined; dest: Address } {
  return { proxy: undefined, dest };
}

function required(value: string | undefined, option: string): string {
  if (value === undefined) throw new UsageError(`make-control: ${option} is missing`);
  return value;
}

function number(option: string, text: string, min: number, max: number): number {
  const value = parseDecimal(text, min, max);
  if (value === undefined) throw new UsageError(`${option}: not a number between ${min} and ${max}: "${text}"`);
  return value;
}

/**
 * @param file A path as the user wrote it.
 * @param cwd The working directory, for a relative one.
 * @param option What the message calls it.
 * @returns A control file that leads to the Unix socket there.
 * @throws {UsageError} When it is empty or does not fit.
 */
export function controlFileToPath(file: string, cwd: string, option: string): ControlFile {
  return { ...plain(unixPath(option, file, cwd)), socketOptions: [] };
}

/** A number, or one of a few names. */
function named(option: string, text: string, names: Readonly<Record<string, number>>, max = MAX_U32): number {
  const value = Object.hasOwn(names, text) ? names[text] : parseDecimal(text, 0, max);
  if (value === undefined) {
    throw new UsageError(`${option}: neither a number nor one of ${Object.keys(names).join(", ")}: "${text}"`);
  }
  return value;
}

/** As unsock 1.1 does: links are resolved; only an absolute path may be of a socket that is yet to come. */
function multiplexer(file: string, cwd: string, realPath: (file: string) => string): Address {
  try {
    return unixPath("--fc-sock", realPath(path.resolve(cwd, file)), cwd);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if (path.isAbsolute(file)) return unixPath("--fc-sock", file, cwd);
    throw new UsageError(`--fc-sock: does not exist, which a relative path must: "${file}"`, { cause: error });
  }
}

function unixPath(option: string, file: string, cwd: string): Address {
  if (file === "") throw new UsageError(`${option}: empty`);
  const isAbstract = option !== "--fc-sock" && option !== "--fc-listen" && file.startsWith("@");
  const address = isAbstract
    ? { ...unixAddress(file.slice(1)), abstract: true }
    : unixAddress(path.isAbsolute(file) ? file : path.resolve(cwd, file));
  if (address.path.length > SUN_PATH_SIZE - (isAbstract ? 1 : 0)) {
    throw new UsageError(`${option}: longer than ${SUN_PATH_SIZE} bytes: "${file}"`);
  }
  if (address.path.length === 0) throw new UsageError(`${option}: an empty name: "${file}"`);
  return address;
}

function internet(text: string): Address {
  const match = /^(?:\[([^\]%]+)(?:%(\d+))?\]|([^:[\]]+)):(\d+)$/.exec(text);
  const ip = match?.[3] === undefined ? parseIpv6(match?.[1] ?? "") : parseIpv4(match[3]);
  const port = parseDecimal(match?.[4] ?? "", 1, 65535);
  if (ip === undefined || port === undefined) {
    throw new UsageError(`--inet: not an IP address and port, such as 192.0.2.1:80 or [2001:db8::1]:80: "${text}"`);
  }
  const scopeId = number("--inet", match?.[2] ?? "0", 0, MAX_U32);
  return { family: ip.length === 4 ? Family.Inet : Family.Inet6, ip, port, scopeId, flowInfo: 0 };
}

function tipc(options: ControlOptions): Address {
  const ranged = options.tipcLower !== undefined || options.tipcUpper !== undefined;
  if (ranged === (options.tipcInstance !== undefined)) {
    throw new UsageError("make-control: give either --tipc-instance or --tipc-lower and --tipc-upper");
  }
  const word = (option: string, text: string | undefined) => number(option, required(text, option), 0, MAX_U32);
  const type = word("--tipc-type", options.tipcType);
  const addressType = options.tipcAddrtype === undefined
    ? (ranged ? TipcAddressType.Range : TipcAddressType.Service)
    : named("--tipc-addrtype", options.tipcAddrtype, ADDRESS_TYPES, 255);
  const first = ranged ? word("--tipc-lower", options.tipcLower) : word("--tipc-instance", options.tipcInstance);
  // The last word of a range is its end; of a service the domain, where 0 is everywhere; of a node address nothing.
  const last = ranged ? word("--tipc-upper", options.tipcUpper) : addressType === TipcAddressType.Range ? first : 0;
  if (addressType === TipcAddressType.Range && last < first) {
    throw new UsageError(`--tipc-upper: below --tipc-lower: "${last}"`);
  }
  const scope = options.tipcScope === undefined
    ? TipcScope.Cluster
    : named("--tipc-scope", options.tipcScope, SCOPES, 127);
  return { family: Family.Tipc, addressType, scope, words: [type, first, last] };
}
