/** Settings <-> the `UNSOCK_*` environment. The same rules as the library's own parser; pure. */
import { UsageError } from "../system/errors.ts";
import { type AddressRange, parseAddressRange } from "../system/ip.ts";
import { parseDecimal, parseOctal } from "../system/numbers.ts";

/** `sun_path` is 108 bytes with its NUL; the longest name in the directory is `/65535.dgram.sock`. */
export const MAX_DIRECTORY_LENGTH = 108 - 1 - "/65535.dgram.sock".length;

/** What is wrong with a directory whose socket files' paths do not fit. */
export const DIRECTORY_LENGTH_PROBLEM =
  `must be a directory of 2 to ${MAX_DIRECTORY_LENGTH} bytes, so that a socket file's path fits`;

/** What is covered when `UNSOCK_ADDR` is not set. */
export const DEFAULT_ADDRESSES = "127.175.0.0/32";

/** What `unsock run` covers: local traffic moves, the internet stays. */
export const RUN_ADDRESSES = "127.0.0.1/8,0.0.0.0,::1,::";

const MAX_LIST_ENTRIES = 64;
const MAX_LOG_LENGTH = 255;

/** Ports `first` to `last`, both included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** What the library would do, read from the environment. */
export interface Settings {
  /** Absolute path of the socket files, or undefined: the library stays inert. */
  readonly directory: string | undefined;
  readonly addresses: readonly AddressRange[];
  /** Empty: all ports. */
  readonly ports: readonly PortRange[];
  /** Permission bits of created socket files; undefined: left as they are. */
  readonly mode: number | undefined;
  readonly blockInet: boolean;
  readonly blockInet6: boolean;
  readonly acceptConvertAll: boolean;
  readonly acceptConvertVsock: boolean;
  readonly fallback: boolean;
  readonly connectTimeoutMs: number;
  /** `stderr`, an absolute file, or undefined: no log. */
  readonly log: string | undefined;
}

/** A value that cannot be read. */
export class SettingError extends UsageError {
  constructor(
    /** The variable's name. */
    readonly variable: string,
    /** What is wrong with it. */
    readonly problem: string,
    readonly value: string,
  ) {
    super(`${variable}: ${problem}: "${value}"`);
  }
}

type Lookup = (name: string) => string | undefined;

function parseDirectory(name: string, value: string): string {
  if (!value.startsWith("/")) throw new SettingError(name, "must be an absolute path", value);
  const directory = normalizeDirectory(value);
  if (directory === "" || new TextEncoder().encode(directory).length > MAX_DIRECTORY_LENGTH) {
    throw new SettingError(name, DIRECTORY_LENGTH_PROBLEM, value);
  }
  return directory;
}

/** @returns The path without doubled and trailing slashes and without `/./`, as the library compares it. */
function normalizeDirectory(value: string): string {
  return value.split("/").filter((part) => part !== "" && part !== ".").map((part) => `/${part}`).join("");
}

function parseList<T>(name: string, value: string, what: string, parse: (item: string) => T | undefined): T[] {
  const items = value.split(",");
  if (items.length > MAX_LIST_ENTRIES) throw new SettingError(name, `has more than ${MAX_LIST_ENTRIES} entries`, value);
  return items.map((item) => {
    const parsed = parse(item);
    if (parsed === undefined) throw new SettingError(name, what, value);
    return parsed;
  });
}

/**
 * @param text `N` or `N-M`.
 * @returns The ports, or undefined when it is not that.
 */
export function parsePortRange(text: string): PortRange | undefined {
  const [firstText = "", lastText = firstText, extra] = text.split("-");
  const first = parseDecimal(firstText, 1, 65535);
  const last = parseDecimal(lastText, 1, 65535);
  if (first === undefined || last === undefined || extra !== undefined || first > last) return undefined;
  return { first, last };
}

function parseFlag(name: string, value: string): boolean {
  if (value !== "0" && value !== "1") throw new SettingError(name, "must be 1 (on) or 0 (off)", value);
  return value === "1";
}

function parseMode(name: string, value: string): number {
  const mode = parseOctal(value, 0o777);
  if (mode === undefined) throw new SettingError(name, "must be an octal mode from 0 to 777", value);
  return mode;
}

function parseTimeout(name: string, value: string): number {
  const timeout = parseDecimal(value, 1, 3_600_000);
  if (timeout === undefined) throw new SettingError(name, "must be milliseconds from 1 to 3600000", value);
  return timeout;
}

function parseLog(name: string, value: string): string {
  const isFile = value.startsWith("/") && new TextEncoder().encode(value).length <= MAX_LOG_LENGTH;
  if (value !== "stderr" && !isFile) {
    throw new SettingError(name, `must be stderr or an absolute path of at most ${MAX_LOG_LENGTH} bytes`, value);
  }
  return value;
}

/**
 * Reads all settings, as the library does when it is loaded.
 *
 * @param lookup Gives a variable's value; undefined and empty both mean unset.
 * @returns The settings.
 * @throws {SettingError} When a value cannot be read.
 */
export function parseSettings(lookup: Lookup): Settings {
  function read<T, D>(name: string, parse: (name: string, value: string) => T, unset: D): T | D {
    const value = lookup(name);
    return value === undefined || value === "" ? unset : parse(name, value);
  }
  const addresses = (name: string, value: string) =>
    parseList(name, value, "must be a comma-separated list of ADDR or ADDR/BITS", parseAddressRange);
  const ports = (name: string, value: string) =>
    parseList(name, value, "must be a comma-separated list of N or N-M, from 1 to 65535", parsePortRange);
  return {
    directory: read("UNSOCK_DIR", parseDirectory, undefined),
    addresses: read("UNSOCK_ADDR", addresses, undefined) ?? addresses("UNSOCK_ADDR", DEFAULT_ADDRESSES),
    ports: read("UNSOCK_PORT", ports, []),
    mode: read("UNSOCK_MODE", parseMode, undefined),
    blockInet: read("UNSOCK_BLOCK_INET", parseFlag, false),
    blockInet6: read("UNSOCK_BLOCK_INET6", parseFlag, false),
    acceptConvertAll: read("UNSOCK_ACCEPT_CONVERT_ALL", parseFlag, false),
    acceptConvertVsock: read("UNSOCK_ACCEPT_CONVERT_VSOCK", parseFlag, false),
    fallback: read("UNSOCK_FALLBACK", parseFlag, false),
    connectTimeoutMs: read("UNSOCK_CONNECT_TIMEOUT_MS", parseTimeout, 5000),
    log: read("UNSOCK_LOG", parseLog, undefined),
  };
}

/**
 * The inverse of {@linkcode parseSettings}: only what differs from the defaults is written.
 *
 * @param settings What the library shall do.
 * @returns Names and values.
 */
export function toEnvironment(settings: Settings): Map<string, string> {
  const environment = new Map<string, string>();
  const range = ({ text, bytes, bits }: AddressRange) => bits === bytes.length * 8 ? text : `${text}/${bits}`;
  const ports = ({ first, last }: PortRange) => first === last ? `${first}` : `${first}-${last}`;
  const set = (name: string, value: string | undefined) => value && environment.set(name, value);
  set("UNSOCK_DIR", settings.directory);
  const addresses = settings.addresses.map(range).join(",");
  if (`${addresses}/32` !== DEFAULT_ADDRESSES) set("UNSOCK_ADDR", addresses);
  set("UNSOCK_PORT", settings.ports.map(ports).join(","));
  set("UNSOCK_MODE", settings.mode?.toString(8).padStart(3, "0"));
  if (settings.blockInet) set("UNSOCK_BLOCK_INET", "1");
  if (settings.blockInet6) set("UNSOCK_BLOCK_INET6", "1");
  if (settings.acceptConvertAll) set("UNSOCK_ACCEPT_CONVERT_ALL", "1");
  if (settings.acceptConvertVsock) set("UNSOCK_ACCEPT_CONVERT_VSOCK", "1");
  if (settings.fallback) set("UNSOCK_FALLBACK", "1");
  if (settings.connectTimeoutMs !== 5000) set("UNSOCK_CONNECT_TIMEOUT_MS", `${settings.connectTimeoutMs}`);
  set("UNSOCK_LOG", settings.log);
  return environment;
}
