/** Rights of a new directory: `--group` and `--dir-mode`, which the library reads (`c/process/directory_rights.c`). */
import type { Question } from "../library/query.ts";
import { UsageError } from "../system/errors.ts";
import type { Option, OptionValues } from "../system/options.ts";

/** Access rights of a directory. */
export interface DirectoryRights {
  /** The group's number, or undefined for the group of the process that makes the directory. */
  readonly group: number | undefined;
  readonly mode: number;
}

/** The option that chooses the directory of the git checkout (`c/process/checkout.c`). */
export const HERE_OPTION = {
  help: "use the loopback of the git checkout that the working directory is in: a directory in git's own",
} as const satisfies Option;

/** The options of commands that make the directory. */
export const DIRECTORY_OPTIONS = {
  group: {
    value: "group",
    kind: "group",
    help: "make the directory for a group, whose members alone may enter, serve and connect there; --mode is 660 then",
  },
  dirMode: {
    value: "octal",
    help: "mode of the directory when it is made",
    default: "700, with --group 2770",
  },
} as const satisfies Readonly<Record<string, Option>>;

/** The values of `DIRECTORY_OPTIONS`. */
export type DirectoryOptions = OptionValues<typeof DIRECTORY_OPTIONS>;

/** @returns The mode in octal: `2770`, `700`. */
export function formatMode(mode: number): string {
  return mode.toString(8).padStart(3, "0");
}

/** The question for the rights by `--group` and `--dir-mode`; the answer is undefined if neither option is set. */
export const RIGHTS_QUESTION: Question<DirectoryRights | undefined> = {
  word: "rights",
  failure: UsageError,
  read: (answer) =>
    answer.flag("given") ? { group: answer.maybeNumber("group"), mode: answer.number("mode") } : undefined,
};
