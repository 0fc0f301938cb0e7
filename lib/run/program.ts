/** Which programs a command leads to, and by which door the library reaches each: asked of the library. */
import { CommandError } from "../system/errors.ts";
import { cString, type Runner, textOf } from "../system/ffi.ts";

/** By which door: `script` decides nothing, what follows it does; of what is `unknown` nothing could be read. */
export type Door = "preload" | "trap" | "none" | "script" | "unknown";

/** One program on the way from the command to what really runs: a script's interpreter follows the script. */
export interface ProgramStep {
  readonly file: string;
  readonly door: Door;
  /** What it is, or why it cannot be reached. */
  readonly why: string;
}

const TEXT_SIZE = 1 << 16;

/**
 * Follows a command, found as `execvp` finds it, through `#!` lines and `env` to what really runs.
 *
 * @param command As typed.
 * @param searchPath The value of `PATH`.
 * @returns At least one step.
 * @throws {CommandError} With exit status 127 when there is no such program, 126 when it cannot be executed.
 */
export function inspectCommand(command: string, searchPath: string | undefined, runner: Runner): ProgramStep[] {
  const text = new Uint8Array(TEXT_SIZE);
  const search = searchPath === undefined ? null : cString(searchPath);
  const status = runner.unsock_route(cString(command), search, text, BigInt(text.length));
  if (status !== 0) throw new CommandError(textOf(text), { exitCode: status });
  return textOf(text).split("\n").filter((line) => line !== "").map((line) => {
    const [door = "unknown", file = "", why = ""] = line.split("\t");
    return { door: door as Door, file, why };
  });
}
