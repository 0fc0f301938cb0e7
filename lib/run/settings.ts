/**
 * The one table of settings. The environment, the options of `run` and `env`, `--help`, the manual and the completions
 * come from it, and the library's own rows when it is built (`scripts/tables.ts`). Pure.
 */
import type { Option, OptionValues } from "../system/options.ts";
import {
  ADDRESSES,
  DIRECTORY,
  ENGINE,
  LOG,
  MODE,
  PORTS,
  RANGE,
  type SettingType,
  SWITCH,
  TIMEOUT,
} from "./setting_types.ts";

/** Addresses that `unsock run` redirects: local ones, not the internet. */
export const RUN_ADDRESSES = "127.0.0.1/8,0.0.0.0,::1,::";

/** The option of `run` and `env` that sets a setting. */
interface SettingOption {
  /** In code: `blockInet` is `--block-inet`. */
  readonly name: string;
  /** Its former name, still accepted. */
  readonly formerly?: string;
  /** The value it sets when given without one. */
  readonly bare?: string;
  /** It chooses one of several switches: the word for this one. */
  readonly choice?: string;
  /** The value that `run` sets when neither the option nor the variable is given. */
  readonly default?: string;
  /** The same in words, where it depends. */
  readonly otherwise?: string;
  /** One line, where the option is more than the setting. */
  readonly help?: string;
}

/** One setting. */
export interface Setting {
  /** The environment variable that the library reads. */
  readonly variable: `UNSOCK_${string}`;
  readonly type: SettingType;
  /** The default when the variable is unset or empty; undefined: none, or of a switch, off. */
  readonly otherwise?: string;
  /** One line, without the default. */
  readonly help: string;
  readonly option?: SettingOption;
}

const CONVERT = {
  name: "acceptConvert",
  default: "all",
  help: "peers that are not IP are reported as IP: all, vsock or none",
} as const;

/** All settings of the library, in the order in which options are shown. */
export const SETTINGS = {
  directory: {
    variable: "UNSOCK_DIR",
    type: DIRECTORY,
    help: "where the socket files are: an absolute path of at most 90 bytes, made if missing",
    option: {
      name: "dir",
      help: "where the socket files are",
      otherwise: "$XDG_RUNTIME_DIR/unsock, /run/unsock for root, /tmp/unsock-UID",
    },
  },
  addresses: {
    variable: "UNSOCK_ADDR",
    type: ADDRESSES,
    otherwise: "127.175.0.0/32",
    help: "what is redirected: ADDR or ADDR/BITS, IPv4 and IPv6; the first of each family is what nameless peers have",
    option: { name: "addr", default: RUN_ADDRESSES },
  },
  ports: {
    variable: "UNSOCK_PORT",
    type: PORTS,
    otherwise: "all",
    help: "only these ports: N or N-M",
    option: { name: "port" },
  },
  mode: {
    variable: "UNSOCK_MODE",
    type: MODE,
    otherwise: "as the umask says",
    help: "permissions of created socket files",
    option: { name: "mode" },
  },
  connectTimeoutMs: {
    variable: "UNSOCK_CONNECT_TIMEOUT_MS",
    type: TIMEOUT,
    otherwise: "5000",
    help: "how long a Firecracker handshake may take, in milliseconds",
    option: { name: "connectTimeoutMs", formerly: "timeout" },
  },
  log: {
    variable: "UNSOCK_LOG",
    type: LOG,
    otherwise: "none",
    help: "a line for each redirected call, to a file or to standard error (stderr)",
    option: { name: "log", bare: "stderr" },
  },
  blockInet: {
    variable: "UNSOCK_BLOCK_INET",
    type: SWITCH,
    help: "refuse IP traffic that is not redirected: EACCES",
    option: { name: "blockInet" },
  },
  blockInet6: {
    variable: "UNSOCK_BLOCK_INET6",
    type: SWITCH,
    help: "refuse IPv6 sockets: EAFNOSUPPORT",
    option: { name: "blockInet6" },
  },
  acceptConvertAll: {
    variable: "UNSOCK_ACCEPT_CONVERT_ALL",
    type: SWITCH,
    help: "peers that are not IP are reported as IP",
    option: { ...CONVERT, choice: "all" },
  },
  acceptConvertVsock: {
    variable: "UNSOCK_ACCEPT_CONVERT_VSOCK",
    type: SWITCH,
    help: "vsock peers are reported as IP",
    option: { ...CONVERT, choice: "vsock" },
  },
  acceptAs: {
    variable: "UNSOCK_ACCEPT_AS",
    type: RANGE,
    otherwise: "the first address of UNSOCK_ADDR, for all",
    help: "reported peers have addresses of this range, one for each vsock CID and TIPC node: ADDR/BITS, IPv4",
    option: { name: "acceptAs" },
  },
  fallback: {
    variable: "UNSOCK_FALLBACK",
    type: SWITCH,
    help: "connect over the real network where no socket file exists",
    option: { name: "fallback" },
  },
  oneAddress: {
    variable: "UNSOCK_ONE_ADDRESS",
    type: SWITCH,
    help: "an address that nobody has leads to whoever has the port, as in unsock 1.1",
    option: { name: "oneAddress" },
  },
  engine: {
    variable: "UNSOCK_ENGINE",
    type: ENGINE,
    otherwise: "auto",
    help: "auto: a program that preloading does not reach has its system calls trapped; trap: all; preload: none",
    option: { name: "engine" },
  },
  patch: {
    variable: "UNSOCK_PATCH",
    type: SWITCH,
    help:
      "0: no code is changed, of libc's write nor of programs whose system calls are trapped (slower then), for those who debug",
  },
  strict: {
    variable: "UNSOCK_STRICT",
    type: SWITCH,
    otherwise: "on with UNSOCK_BLOCK_INET",
    help: "do not start a program that cannot be reached at all, instead of naming it",
    option: { name: "strict" },
  },
  trust: {
    variable: "UNSOCK_TRUST",
    type: SWITCH,
    help: "trust those who could put another directory in the place of UNSOCK_DIR; --force of run and env sets it",
  },
  off: {
    variable: "UNSOCK_OFF",
    type: SWITCH,
    help: "for one command: nothing is redirected in it and in what it starts",
  },
} as const satisfies Readonly<Record<string, Setting>>;

type Table = typeof SETTINGS;

/** The table as a list. */
export const SETTING_LIST: readonly Setting[] = Object.values(SETTINGS);

/** A variable and an option name the library itself, too, but they are no settings of it. */
export const LIBRARY = {
  variable: "UNSOCK_LIB",
  option: { value: "file", kind: "file", help: "the libunsock.so to preload" },
} as const satisfies { readonly variable: string; readonly option: Option };

/** The switch that chooses none of several. */
export const NO_CHOICE = "none";

type OptionOf<S> = S extends { readonly option: { readonly choice: string } } ? { readonly value: string }
  : S extends { readonly option: { readonly bare: string } } ? { readonly value: string; readonly optional: true }
  : S extends { readonly type: { readonly value: string } } ? { readonly value: string }
  : { readonly help: string };

type OptionNameOf<S> = S extends { readonly option: { readonly name: infer N extends string } } ? N : never;

type SettingOptionTable = {
  readonly [Name in keyof Table as OptionNameOf<Table[Name]>]: Option & OptionOf<Table[Name]>;
};

/** Values of the options that become settings. */
export type SettingOptions = OptionValues<SettingOptionTable>;

/** The settings of each option: one, or those that it chooses from. */
export const SETTINGS_OF_OPTION: ReadonlyMap<string, readonly Setting[]> = Map.groupBy(
  SETTING_LIST.filter(({ option }) => option !== undefined),
  ({ option }) => option?.name ?? "",
);

/** The options of `run` and `env` that become settings. */
export const SETTING_OPTIONS = Object.fromEntries(
  Array.from(SETTINGS_OF_OPTION, ([name, settings]) => [name, optionFor(settings)]),
) as SettingOptionTable;

function optionFor(settings: readonly Setting[]): Option {
  const [setting] = settings;
  if (setting === undefined) throw new Error("an option without a setting");
  const { type, option } = setting;
  const help = option?.help ?? setting.help;
  if (option?.choice !== undefined) {
    const choices = [...settings.map((one) => one.option?.choice ?? ""), NO_CHOICE];
    return { value: "which", choices, help, default: option.default };
  }
  if (type.value === undefined) return { help };
  if (option?.bare !== undefined) return { value: type.value, kind: type.kind, optional: true, help };
  const otherwise = option?.otherwise ?? option?.default ?? defaultInWords(setting);
  return {
    value: type.value,
    kind: type.kind,
    choices: type.choices,
    help,
    default: `$${setting.variable}, ${otherwise}`,
    formerly: option?.formerly,
  };
}

/** @returns The default when the variable is not set; empty: none. */
export function defaultInWords({ otherwise }: Setting): string {
  return otherwise ?? "";
}
