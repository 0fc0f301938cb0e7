/** Parses a command line and runs its command. */
import type { Command } from "../help/command.ts";
import { Context } from "../system/context.ts";
import { EXIT_ELSEWHERE, EXIT_RUN_FAILED, UnsockError, UsageError } from "../system/errors.ts";
import { didYouMean } from "../system/nearest.ts";
import { type ReadOptions, readOptions } from "../system/options.ts";
import { systemProblem } from "../system/platform.ts";
import { COMMANDS, OTHER_WORDS, PROGRAMS_COMMANDS } from "./table.ts";

/**
 * Runs one command.
 *
 * @param args The arguments after `unsock`.
 * @param print Writes to standard output.
 * @param warn Writes one line to standard error.
 * @returns The exit status.
 * @throws {UsageError} When the command line is wrong.
 * @throws {UnsockError} When the command fails.
 */
export async function runCommandLine(
  args: readonly string[],
  print: (text: string) => void,
  warn: (line: string) => void,
): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined) throw new UsageError(`no command: try "unsock --help"`);
  if (asksHelp(name)) return await printHelp(rest[0], print);
  const command = find(name);
  const { values, operands, help } = read(command, rest);
  if (help) return await printHelp(name, print);
  checkSystem(command, values);
  return await command.start({ options: values, operands, context: new Context(args, print, warn) });
}

function asksHelp(word: string): boolean {
  return word === "--help" || word === "-h" || word === "help";
}

function find(name: string): Command {
  const found = [...COMMANDS, ...PROGRAMS_COMMANDS].find((command) => command.name === name);
  if (found !== undefined) return found;
  if (name.startsWith("-")) {
    const next = "options follow a command: unsock --help";
    throw new UsageError(`unknown option '${name}'${didYouMean(name, ["--help", "--version"], next)}`);
  }
  const next = `unsock --help lists the commands; a program is started by unsock run ${name}`;
  const meant = OTHER_WORDS.get(name);
  const words = COMMANDS.map((command) => command.name);
  throw new UsageError(
    `unknown command '${name}'${
      meant === undefined ? didYouMean(name, words, next) : `: did you mean unsock ${meant}?`
    }`,
  );
}

async function printHelp(name: string | undefined, print: (text: string) => void): Promise<number> {
  const { commandHelp, programHelp } = await import("../help/help.ts");
  print(name === undefined || asksHelp(name) ? programHelp(COMMANDS) : commandHelp(find(name)));
  return 0;
}

/** Refuses every command on systems other than Linux, unless `--optional` is set. */
function checkSystem({ name }: Command, options: ReadOptions["values"]): void {
  const why = systemProblem();
  if (why === undefined || options.optional !== undefined) return;
  throw new UnsockError(`${name}: ${why}`, { exitCode: name === "run" ? EXIT_RUN_FAILED : EXIT_ELSEWHERE });
}

function read(command: Command, args: readonly string[]): ReadOptions {
  try {
    const words = readOptions(command.options, args, command.isWrapper === true);
    if (!words.help) checkOperands(command, words.operands);
    return words;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${command.name}: ${error.message}`, { cause: error });
  }
}

function checkOperands({ operands, isWrapper }: Command, words: readonly string[]): void {
  if (isWrapper) return; // the operands are another program's command line
  const extra = words[operands.length];
  if (extra !== undefined && operands.at(-1)?.repeated !== true) throw new UsageError(`too many arguments: "${extra}"`);
  for (const [index, { name, optional, choices }] of operands.entries()) {
    const word = words[index];
    const oneOf = choices === undefined ? "" : `: one of ${choices.join(", ")}`;
    if (word === undefined && !optional) throw new UsageError(`${name} is missing${oneOf}`);
    if (word !== undefined && choices !== undefined && !choices.includes(word)) {
      throw new UsageError(`${name}: not one of ${choices.join(", ")}: "${word}"`);
    }
  }
}
