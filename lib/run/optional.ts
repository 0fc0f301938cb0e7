/** `unsock run --optional` where unsock cannot work, as on macOS: starts COMMAND on the real network. */
import process from "node:process";
import { stayAsParent } from "../library/exec.ts";
import type { RunOptions } from "../library/query.ts";
import type { Context } from "../system/context.ts";
import { UnsockError } from "../system/errors.ts";
import { optionFlag } from "../system/options.ts";
import { cmdQuote, shellQuote } from "../system/shell.ts";

/** Options and variables by which the user forbids traffic on the real network. */
const WALLS = ["blockInet", "strict", "isolate"];
const WALL_VARIABLES = ["UNSOCK_BLOCK_INET", "UNSOCK_STRICT"];

/** Returns the option or variable that forbids the real network, as the user wrote it, or undefined if none does. */
function wallIn(options: RunOptions, { environ }: Context): string | undefined {
  const option = WALLS.find((name) => options[name] !== undefined);
  if (option !== undefined) return optionFlag(option);
  const variable = WALL_VARIABLES.find((name) => environ.get(name) === "1");
  return variable && `${variable}=1`;
}

/**
 * Warns the user, and runs a command on the real network. This process stays the command's parent, and ends with the
 * command's status.
 *
 * @param why The reason why unsock cannot work here.
 * @param options Options of `run`.
 * @returns 0 for `--dry-run`; otherwise never.
 * @throws {UnsockError} When an option forbids the real network, or when the command cannot be started.
 */
export async function runOnNetwork(
  why: string,
  options: RunOptions,
  words: readonly string[],
  context: Context,
): Promise<number> {
  const [command, ...args] = words;
  if (command === undefined) throw new UnsockError('run: no command: write "unsock run [options] -- COMMAND [ARG...]"');
  const wall = wallIn(options, context);
  if (wall !== undefined) throw new UnsockError(`run: ${wall}: ${why}: with it --optional starts nothing`);
  context.warn(`run: ${why}: the command runs on the real network`);
  if (options.dryRun !== undefined) {
    context.print(`${words.map(shellQuote).join(" ")}\n`);
    return 0;
  }
  // On Windows npm puts a batch file into PATH, which only the shell starts.
  if (process.platform !== "win32") return await stayAsParent(command, args, {});
  return await stayAsParent(words.map(cmdQuote).join(" "), [], { shell: true });
}
