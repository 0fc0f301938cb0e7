/** Options of `unsock run` and `unsock env` -> the environment that the library reads. Pure. */
import type { Environ } from "../system/environ.ts";
import { UsageError } from "../system/errors.ts";
import { parseSettings, RUN_ADDRESSES, SettingError, type Settings } from "./settings.ts";

/** The options that become `UNSOCK_*` variables; undefined: not given. */
export interface SettingOptions {
  readonly addr?: string;
  readonly port?: string;
  readonly mode?: string;
  readonly blockInet?: boolean;
  readonly blockInet6?: boolean;
  readonly acceptConvert?: string;
  readonly fallback?: boolean;
  readonly timeout?: string;
  /** True: to standard error. */
  readonly log?: string | boolean;
}

/** The variable that each option sets, for messages that name what the user wrote. */
const OPTION_OF: Readonly<Record<string, [keyof SettingOptions, string]>> = {
  UNSOCK_ADDR: ["addr", "--addr"],
  UNSOCK_PORT: ["port", "--port"],
  UNSOCK_MODE: ["mode", "--mode"],
  UNSOCK_CONNECT_TIMEOUT_MS: ["timeout", "--timeout"],
  UNSOCK_LOG: ["log", "--log"],
};

/**
 * Changes `environ` to what the command is to see: the caller's variables, what the options say, the defaults, and the
 * library in front of `LD_PRELOAD`.
 *
 * @param environ Changed in place.
 * @param options Given options; those not given leave the caller's variables alone.
 * @param directory Absolute path of the socket files.
 * @param library Absolute path of `libunsock.so`.
 * @returns The settings as the library will read them.
 * @throws {UsageError} When an option or a variable cannot be read.
 */
export function applySettings(
  environ: Environ,
  options: SettingOptions,
  directory: string,
  library: string,
): Settings {
  const set = (name: string, value: string | undefined, option: string) => {
    if (value === undefined) return;
    if (value === "") throw new UsageError(`${option}: empty`);
    environ.set(name, value);
  };
  environ.set("UNSOCK_DIR", directory);
  set("UNSOCK_ADDR", options.addr, "--addr");
  set("UNSOCK_PORT", options.port, "--port");
  set("UNSOCK_MODE", options.mode, "--mode");
  set("UNSOCK_CONNECT_TIMEOUT_MS", options.timeout, "--timeout");
  set("UNSOCK_LOG", options.log === true ? "stderr" : options.log || undefined, "--log");
  if (options.blockInet) environ.set("UNSOCK_BLOCK_INET", "1");
  if (options.blockInet6) environ.set("UNSOCK_BLOCK_INET6", "1");
  if (options.fallback) environ.set("UNSOCK_FALLBACK", "1");
  if (environ.getFilled("UNSOCK_ADDR") === undefined) environ.set("UNSOCK_ADDR", RUN_ADDRESSES);
  setAcceptConvert(environ, options.acceptConvert);
  preload(environ, library);
  return check(environ, options);
}

function setAcceptConvert(environ: Environ, choice: string | undefined): void {
  const [all, vsock] = ["UNSOCK_ACCEPT_CONVERT_ALL", "UNSOCK_ACCEPT_CONVERT_VSOCK"] as const;
  const chosen = environ.getFilled(all) !== undefined || environ.getFilled(vsock) !== undefined;
  if (choice === undefined && chosen) return;
  environ.delete(all);
  environ.delete(vsock);
  switch (choice) {
    case undefined:
    case "all":
      return environ.set(all, "1");
    case "vsock":
      return environ.set(vsock, "1");
    case "none":
      return;
    default:
      throw new UsageError(`--accept-convert: neither all, vsock nor none: "${choice}"`);
  }
}

function preload(environ: Environ, library: string): void {
  const before = environ.getFilled("LD_PRELOAD");
  const others = before?.split(/[\s:]+/).filter((entry) => entry !== "" && entry !== library) ?? [];
  // Untouched where it can be: a linker that reads it sees the very same text.
  const rest = before?.split(/[\s:]+/).includes(library) ? others.join(":") : before;
  environ.set("LD_PRELOAD", rest ? `${library}:${rest}` : library);
}

function check(environ: Environ, options: SettingOptions): Settings {
  try {
    return parseSettings((name) => environ.get(name));
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    const [key, option] = OPTION_OF[error.variable] ?? [];
    if (key === undefined || option === undefined || options[key] === undefined) throw error;
    throw new UsageError(`${option}: ${error.problem}: "${error.value}"`);
  }
}
