/** The types of settings, for help and completions. Only the library interprets values (`c/rules/settings.c`). */
import type { WordKind } from "../system/options.ts";

/** The form of a setting's value. */
export interface SettingType {
  /** The name of the setting's value in help, or undefined for a switch, whose value is 1 or 0. */
  readonly value?: string;
  readonly kind?: WordKind;
  readonly choices?: readonly string[];
}

/** `preload`: by preloading. `trap`: by trapping system calls. `auto`: by the one of both that fits the program. */
const ENGINES = ["auto", "trap", "preload"] as const;

/** The absolute path of a directory, so short that `sun_path` has room for the files' names. */
export const DIRECTORY = { value: "directory", kind: "directory" } as const satisfies SettingType;

/** IP addresses and networks. */
export const ADDRESSES = { value: "list" } as const satisfies SettingType;

/** One network of IPv4 addresses, with a prefix of 8 to 30 bits. */
export const RANGE = { value: "range" } as const satisfies SettingType;

/** Ports and ranges of them. */
export const PORTS = { value: "list", kind: "port" } as const satisfies SettingType;

export const MODE = { value: "octal" } as const satisfies SettingType;

export const SWITCH = {} as const satisfies SettingType;

/** How the library reaches programs. */
export const ENGINE = { value: "auto|trap|preload", choices: ENGINES } as const satisfies SettingType;

/** The process number of a runner, 0 for none, and the names of all runners: `0000000:jest,vitest`. */
export const EACH = { value: "runner:names" } as const satisfies SettingType;

/** Milliseconds, up to an hour. */
export const TIMEOUT = { value: "ms" } as const satisfies SettingType;

/** `stderr`, or the absolute path of a file. */
export const LOG = { value: "file", kind: "file" } as const satisfies SettingType;
