/** The types of settings: text of the environment <-> values. The same rules as the library's own reader; pure. */
import { UsageError } from "../system/errors.ts";
import { type AddressRange, parseAddressRange } from "../system/ip.ts";
import { parseDecimal, parseOctal } from "../system/numbers.ts";
import type { WordKind } from "../system/options.ts";

/** `sun_path` is 108 bytes with its NUL; the longest name in the directory is `/65535.dgram.sock`. */
export const MAX_DIRECTORY_LENGTH = 108 - 1 - "/65535.dgram.sock".length;

/** What is wrong with a directory whose socket files' paths do not fit. */
export const DIRECTORY_LENGTH_PROBLEM =
  `must be a directory of 2 to ${MAX_DIRECTORY_LENGTH} bytes, so that a socket file's path fits`;

const MAX_LIST_ENTRIES = 64;
const MAX_LOG_LENGTH = 255;
const MAX_TIMEOUT_MS = 3_600_000;

/** Ports `first` to `last`, both included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
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

/** How a setting is written, and what it is then. */
export interface SettingType<T> {
  /** What its value is called; undefined: a switch, 1 or 0. */
  readonly value?: string;
  /** What the value is, for completions. */
  readonly kind?: WordKind;
  /** All values that there are. */
  readonly choices?: readonly string[];
  /**
   * @param variable Whose text it is, for the message.
   * @param text Never empty.
   * @throws {SettingError} When it cannot be read.
   */
  parse(variable: string, text: string): T;
  /** @returns Text that {@linkcode SettingType.parse} reads again; empty: unset. */
  format(value: T): string;
}

/** An absolute directory, short enough for the names in it. */
export const DIRECTORY: SettingType<string | undefined> = {
  value: "directory",
  kind: "directory",
  parse(variable, text) {
    if (!text.startsWith("/")) throw new SettingError(variable, "must be an absolute path", text);
    // Without doubled and trailing slashes and without /./, as the library compares it.
    const parts = text.split("/").filter((part) => part !== "" && part !== ".");
    const directory = parts.map((part) => `/${part}`).join("");
    if (directory === "" || new TextEncoder().encode(directory).length > MAX_DIRECTORY_LENGTH) {
      throw new SettingError(variable, DIRECTORY_LENGTH_PROBLEM, text);
    }
    return directory;
  },
  format: (directory) => directory ?? "",
};

function parseList<T>(
  variable: string,
  text: string,
  problem: string,
  parse: (item: string) => T | undefined,
): T[] {
  const items = text.split(",");
  if (items.length > MAX_LIST_ENTRIES) {
    throw new SettingError(variable, `has more than ${MAX_LIST_ENTRIES} entries`, text);
  }
  return items.map((item) => {
    const parsed = parse(item);
    if (parsed === undefined) throw new SettingError(variable, problem, text);
    return parsed;
  });
}

/** IP addresses and networks. */
export const ADDRESSES: SettingType<readonly AddressRange[]> = {
  value: "list",
  parse: (variable, text) =>
    parseList(variable, text, "must be a comma-separated list of ADDR or ADDR/BITS", parseAddressRange),
  format: (ranges) =>
    ranges.map(({ text, bytes, bits }) => bits === bytes.length * 8 ? text : `${text}/${bits}`).join(","),
};

function parsePortRange(text: string): PortRange | undefined {
  const [firstText = "", lastText = firstText, extra] = text.split("-");
  const first = parseDecimal(firstText, 1, 65535);
  const last = parseDecimal(lastText, 1, 65535);
  if (first === undefined || last === undefined || extra !== undefined || first > last) return undefined;
  return { first, last };
}

/** Ports and ranges of them; none: all. */
export const PORTS: SettingType<readonly PortRange[]> = {
  value: "list",
  kind: "port",
  parse: (variable, text) =>
    parseList(variable, text, "must be a comma-separated list of N or N-M, from 1 to 65535", parsePortRange),
  format: (ranges) => ranges.map(({ first, last }) => first === last ? `${first}` : `${first}-${last}`).join(","),
};

/** Permission bits; undefined: left as they are. */
export const MODE: SettingType<number | undefined> = {
  value: "octal",
  parse(variable, text) {
    const mode = parseOctal(text, 0o777);
    if (mode === undefined) throw new SettingError(variable, "must be an octal mode from 0 to 777", text);
    return mode;
  },
  format: (mode) => mode?.toString(8).padStart(3, "0") ?? "",
};

/** On or off. */
export const SWITCH: SettingType<boolean> = {
  parse(variable, text) {
    if (text !== "0" && text !== "1") throw new SettingError(variable, "must be 1 (on) or 0 (off)", text);
    return text === "1";
  },
  format: (on) => on ? "1" : "0",
};

/** By which door programs are reached. */
const ENGINES = ["auto", "trap", "preload"] as const;

/** One of the doors. */
export type Engine = typeof ENGINES[number];

/** Which door. */
export const ENGINE: SettingType<Engine> = {
  value: ENGINES.join("|"),
  choices: ENGINES,
  parse(variable, text) {
    const engine = ENGINES.find((name) => name === text);
    if (engine === undefined) throw new SettingError(variable, "must be auto, trap or preload", text);
    return engine;
  },
  format: (engine) => engine,
};

/** Milliseconds, up to an hour. */
export const TIMEOUT: SettingType<number> = {
  value: "ms",
  parse(variable, text) {
    const timeout = parseDecimal(text, 1, MAX_TIMEOUT_MS);
    if (timeout === undefined) {
      throw new SettingError(variable, `must be milliseconds from 1 to ${MAX_TIMEOUT_MS}`, text);
    }
    return timeout;
  },
  format: (timeout) => `${timeout}`,
};

/** `stderr`, an absolute file, or undefined: no log. */
export const LOG: SettingType<string | undefined> = {
  value: "file",
  kind: "file",
  parse(variable, text) {
    const isFile = text.startsWith("/") && new TextEncoder().encode(text).length <= MAX_LOG_LENGTH;
    if (text !== "stderr" && !isFile) {
      const problem = `must be stderr or an absolute path of at most ${MAX_LOG_LENGTH} bytes`;
      throw new SettingError(variable, problem, text);
    }
    return text;
  },
  format: (log) => log ?? "",
};
