/** Flags and words for the completion scripts of all shells. */
import { HELP_OPTION, type Option, optionFlag } from "../system/options.ts";
import { type Command, PROGRAM } from "./command.ts";

/** An option as it is written: `--dry-run`. */
export interface Flag {
  readonly flag: string;
  readonly option: Option;
}

/** @returns The options, `--help` last. */
export function flagsOf(options: Command["options"]): Flag[] {
  return Object.entries({ ...options, help: HELP_OPTION }).map(([name, option]) => ({
    flag: optionFlag(name),
    option,
  }));
}

/** Flags that can follow `unsock` instead of a command. */
export const GLOBAL_FLAGS: readonly string[] = flagsOf(PROGRAM.options).map(({ flag }) => flag);

/** Words that can follow `unsock` instead of a command, with their help. */
export const GLOBAL_WORDS = { help: "print a command's help", version: PROGRAM.options.version.help } as const;

/** @returns True if the option takes a value that may be the next word, without a "=". */
export function takesWord({ option }: Flag): boolean {
  return option.value !== undefined && option.optional !== true;
}
