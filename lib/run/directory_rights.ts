/** For whom a directory is made: the options `--group` and `--dir-mode`. */
import { UsageError } from "../system/errors.ts";
import type { Libc } from "../system/ffi.ts";
import { findGroup, type Group } from "../system/groups.ts";
import { parseOctal } from "../system/numbers.ts";
import type { Option, OptionValues } from "../system/options.ts";
import { shellQuote } from "../system/shell.ts";

/** Who may enter a directory, and what for. */
export interface DirectoryRights {
  /** Undefined: that of whoever makes it. */
  readonly group: Group | undefined;
  readonly mode: number;
}

/** Members serve and connect; the bit in front makes the files in it the group's, too. */
const GROUP_MODE = 0o2770;

/** What a group needs of socket files. */
const GROUP_FILE_MODE = "660";

/** The options of commands that make the directory. */
export const DIRECTORY_OPTIONS = {
  group: {
    value: "group",
    kind: "group",
    help: "make the directory for a group: it enters, serves and connects there; others do not get in (--mode 660 too)",
  },
  dirMode: {
    value: "octal",
    help: "mode of the directory when it is made",
    default: "700, with --group 2770",
  },
} as const satisfies Readonly<Record<string, Option>>;

/** What these options were given. */
export type DirectoryOptions = OptionValues<typeof DIRECTORY_OPTIONS>;

/** @returns `2770`, `700`. */
export function formatMode(mode: number): string {
  return mode.toString(8).padStart(3, "0");
}

/**
 * @param options As on the command line.
 * @returns Whom the directory is for; undefined: nothing was said.
 * @throws {UsageError} When there is no such group, or the mode cannot be read.
 */
export function readDirectoryRights({ group, dirMode }: DirectoryOptions, libc: Libc): DirectoryRights | undefined {
  if (group === undefined && dirMode === undefined) return undefined;
  const mode = dirMode === undefined ? GROUP_MODE : parseOctal(dirMode, 0o7777);
  if (mode === undefined) throw new UsageError(`--dir-mode: must be an octal mode from 0 to 7777: "${dirMode}"`);
  if (group === undefined) return { group, mode };
  const found = findGroup(group, libc);
  if (found === undefined) {
    const name = shellQuote(group);
    const advice = `root makes it first, groupadd --system ${name}, and its members, usermod -aG ${name} USER`;
    throw new UsageError(`--group: there is no such group: "${group}": ${advice}`);
  }
  return { group: found, mode };
}

/** @returns The options with the mode of files that a group needs, where nothing else was said. */
export function withGroupMode<T extends DirectoryOptions & { readonly mode?: string }>(options: T, unset: boolean): T {
  return options.group !== undefined && options.mode === undefined && unset
    ? { ...options, mode: GROUP_FILE_MODE }
    : options;
}
