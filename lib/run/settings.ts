/**
 * The one table of settings, for the options of `run`, `env` and `unit`, for `--help`, the manual and the completions.
 * The build also makes the library's rows from it (`scripts/tables.ts`).
 */
import type { Option, OptionValues } from "../system/options.ts";
import {
  ADDRESSES,
  DIRECTORY,
  EACH,
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

/** The option of `run`, `env` and `unit` that sets a setting. */
interface SettingOption {
  /** The name in code: `blockInet` is `--block-inet`. */
  readonly name: string;
  /** The option's former name, still accepted. */
  readonly formerly?: string;
  /** The setting's value if the option is given without one. */
  readonly bare?: string;
  /** The word that chooses this switch, if the option chooses one of several switches. */
  readonly choice?: string;
  /** The value that `run` sets when neither the option nor the variable is given. */
  readonly default?: string;
  /** The default in words, if it depends on the user. */
  readonly otherwise?: string;
  /** The option's help in one line, if it differs from the setting's. */
  readonly help?: string;
}

export interface Setting {
  readonly variable: `UNSOCK_${string}`;
  readonly type: SettingType;
  /** The default if the variable is unset or empty. Undefined if there is none; then a switch is off. */
  readonly otherwise?: string;
  readonly help: string;
  readonly option?: SettingOption;
}

const CONVERT = {
  name: "acceptConvert",
  default: "all",
  help: "report peers that are not IP as IP: all, vsock or none",
} as const;

/** All settings of the library, in the order in which options are shown. */
export const SETTINGS = {
  directory: {
    variable: "UNSOCK_DIR",
    type: DIRECTORY,
    help: "directory of the socket files: an absolute path of at most 90 bytes, made if missing",
    option: {
      name: "dir",
      help: "directory of the socket files",
      otherwise: "$XDG_RUNTIME_DIR/unsock, /run/unsock for root, /tmp/unsock-UID",
    },
  },
  addresses: {
    variable: "UNSOCK_ADDR",
    type: ADDRESSES,
    otherwise: "127.175.0.0/32",
    help:
      "addresses to redirect: ADDR or ADDR/BITS, IPv4 and IPv6; peers without an address are reported as the first of each family",
    option: { name: "addr", default: RUN_ADDRESSES },
  },
  ports: {
    variable: "UNSOCK_PORT",
    type: PORTS,
    otherwise: "all",
    help: "redirect only these ports: N or N-M",
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
    help: "write a line for each redirected call to a file, or to standard error (stderr)",
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
    help: "report peers that are not IP as IP",
    option: { ...CONVERT, choice: "all" },
  },
  acceptConvertVsock: {
    variable: "UNSOCK_ACCEPT_CONVERT_VSOCK",
    type: SWITCH,
    help: "report vsock peers as IP",
    option: { ...CONVERT, choice: "vsock" },
  },
  acceptAs: {
    variable: "UNSOCK_ACCEPT_AS",
    type: RANGE,
    otherwise: "the first address of UNSOCK_ADDR, for all",
    help: "report peers with addresses of this range, one for each vsock CID and TIPC node: ADDR/BITS, IPv4",
    option: { name: "acceptAs" },
  },
  fallback: {
    variable: "UNSOCK_FALLBACK",
    type: SWITCH,
    help: "connect over the real network if no socket file exists",
    option: { name: "fallback" },
  },
  oneAddress: {
    variable: "UNSOCK_ONE_ADDRESS",
    type: SWITCH,
    help: "connect a client of an address without a server to the port's first server, as in unsock 1.1",
    option: { name: "oneAddress" },
  },
  engine: {
    variable: "UNSOCK_ENGINE",
    type: ENGINE,
    otherwise: "auto",
    help:
      "auto: trap the system calls of programs that preloading does not reach; trap: of all programs; preload: of none",
    option: { name: "engine" },
  },
  patch: {
    variable: "UNSOCK_PATCH",
    type: SWITCH,
    help:
      "0, for debugging: rewrite neither libc's write nor the system calls of trapped programs, which are slower then",
  },
  strict: {
    variable: "UNSOCK_STRICT",
    type: SWITCH,
    otherwise: "on with UNSOCK_BLOCK_INET",
    help: "refuse to start a program that the library cannot reach, instead of printing a warning",
    option: { name: "strict" },
  },
  each: {
    variable: "UNSOCK_EACH",
    type: EACH,
    help: "the runner whose children have loopbacks of their own, and the runners' names; run --each sets it",
  },
  trust: {
    variable: "UNSOCK_TRUST",
    type: SWITCH,
    help: "trust the users who could replace the directory UNSOCK_DIR; --force of run and env sets it",
  },
  off: {
    variable: "UNSOCK_OFF",
    type: SWITCH,
    help: "redirect nothing in this command and in the programs that it starts",
  },
} as const satisfies Readonly<Record<string, Setting>>;

type Table = typeof SETTINGS;

export const SETTING_LIST: readonly Setting[] = Object.values(SETTINGS);

/** The variable and the option that name the library. They are not in `SETTINGS`. */
export const LIBRARY = {
  variable: "UNSOCK_LIB",
  option: { value: "file", kind: "file", help: "the libunsock.so to preload" },
} as const satisfies { readonly variable: string; readonly option: Option };

/** The word that turns off all switches of an option. */
const NO_CHOICE = "none";

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

/** The settings of each option: one setting, or several switches from which the option chooses. */
export const SETTINGS_OF_OPTION: ReadonlyMap<string, readonly Setting[]> = settingsByOption();

function settingsByOption(): Map<string, Setting[]> {
  const groups = new Map<string, Setting[]>();
  for (const setting of SETTING_LIST) {
    const name = setting.option?.name;
    if (name !== undefined) groups.set(name, [...groups.get(name) ?? [], setting]);
  }
  return groups;
}

/** The options of `run`, `env` and `unit` that become settings. */
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

/** @returns The default of an unset variable, in words, or "" if there is none. */
export function defaultInWords({ otherwise }: Setting): string {
  return otherwise ?? "";
}
