/** For whom a directory is made: the options `--group` and `--dir-mode`, which the library reads (`c/process/directory_rights.c`). */
import { UsageError } from "../system/errors.ts";
import { cString, type Runner, textOf } from "../system/ffi.ts";
import type { Option, OptionValues } from "../system/options.ts";

/** Who may enter a directory, and what for. */
export interface DirectoryRights {
  /** The group's number; undefined: that of whoever makes it. */
  readonly group: number | undefined;
  readonly mode: number;
}

const MESSAGE_SIZE = 1 << 12;

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
export function readDirectoryRights(options: DirectoryOptions, runner: Runner): DirectoryRights | undefined {
  const numbers = new BigInt64Array(2);
  const message = new Uint8Array(MESSAGE_SIZE);
  const [group, mode] = rightsWords(options);
  const result = runner.unsock_directory_rights(group, mode, numbers, message, BigInt(message.length));
  if (result < 0) throw new UsageError(textOf(message));
  const [gid = -1n, bits = 0n] = numbers;
  return result === 0 ? undefined : { group: gid < 0n ? undefined : Number(gid), mode: Number(bits) };
}

/** @returns The values as C takes them: null where nothing was given. */
export function rightsWords(
  { group, dirMode }: DirectoryOptions,
): [Uint8Array<ArrayBuffer> | null, Uint8Array<ArrayBuffer> | null] {
  return [group === undefined ? null : cString(group), dirMode === undefined ? null : cString(dirMode)];
}
