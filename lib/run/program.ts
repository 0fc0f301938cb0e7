/** Finds the programs that a command starts, and the door by which the library reaches each program. */
import type { Library, Question } from "../library/query.ts";
import { CommandError } from "../system/errors.ts";

/**
 * The doors: how the library reaches a program. `none`: not at all. `script`: as its interpreter, the next step, is
 * reached. `unknown`: the program's file cannot be read.
 */
const DOORS = ["preload", "trap", "none", "script", "unknown"] as const;

export type Door = typeof DOORS[number];

/** One step on the way from the command to the final program. A script's interpreter is the step after the script. */
export interface ProgramStep {
  readonly file: string;
  readonly door: Door;
  /** A description of the program, or why it cannot be reached. */
  readonly why: string;
}

function routeQuestion(command: string): Question<ProgramStep[]> {
  return {
    word: `route=${command}`,
    failure: CommandError,
    read: (answer) =>
      answer.list(
        "steps",
        (step) => ({ file: step.text("file"), door: step.word("door", DOORS), why: step.text("why") }),
      ),
  };
}

/**
 * Follows a command through `#!` lines and `env` to the final program. Searches for the command as `execvp` does, in
 * the `PATH` of the library's environment.
 *
 * @param command As typed.
 * @returns At least one step.
 * @throws {CommandError} With exit status 127 when there is no such program, 126 when it cannot be executed.
 */
export function inspectCommand(command: string, library: Library): ProgramStep[] {
  return library.ask(routeQuestion(command));
}
