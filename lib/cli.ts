/** Commands and options. The command that `run` starts is cut off at the first `--` before commander sees anything. */
import { Command, CommanderError } from "commander";
import type { Context } from "./system/context.ts";
import { UsageError } from "./system/errors.ts";
import { defineCompletions } from "./commands/completions.ts";
import { defineDoctor } from "./commands/doctor.ts";
import { defineEnv } from "./commands/env.ts";
import { defineInstall } from "./commands/install.ts";
import { defineLs } from "./commands/ls.ts";
import { defineMakeControl } from "./commands/make_control.ts";
import { defineRun } from "./commands/run.ts";
import { defineSelfTest } from "./commands/self_test.ts";
import { defineShowControl } from "./commands/show_control.ts";
import { VERSION } from "./system/version.ts";

const NOTES = `
Run a server and a client, and their TCP connection to 127.0.0.1 is a Unix socket instead:
  unsock run -- python3 -m http.server 8000
  unsock run -- curl http://127.0.0.1:8000/

"unsock COMMAND --help" tells the rest. Exit status: 2 for a wrong command line, 1 for other failures; "run" has its own.`;

const COMMANDS = [
  defineRun,
  defineLs,
  defineDoctor,
  defineEnv,
  defineMakeControl,
  defineShowControl,
  defineSelfTest,
  defineInstall,
  defineCompletions,
];

/**
 * Makes the command line.
 *
 * @param context Handed to the command that runs.
 * @param settle Takes the exit status of the command that ran.
 * @returns Something to parse arguments with, or to ask for its commands and options.
 */
export function makeProgram(context: Context, settle: (exitCode: number) => void): Command {
  const program = new Command("unsock")
    .description("move the TCP and UDP traffic of unmodified programs to Unix sockets")
    .usage("COMMAND [options]")
    .version(VERSION, "--version", "print the version")
    .helpOption("--help, -h", "print this help")
    .addHelpText("after", NOTES)
    .configureHelp({ showGlobalOptions: false })
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeOut: context.print, writeErr: () => {}, outputError: () => {} });
  for (const define of COMMANDS) define(program, context, settle);
  for (const command of program.commands) {
    command.copyInheritedSettings(program).helpOption("--help, -h", "print this help").allowExcessArguments(false);
  }
  return program.helpCommand(false);
}

/**
 * Runs one command.
 *
 * @param args What follows `unsock`, up to the first `--`.
 * @param context Its surroundings.
 * @returns The exit status.
 * @throws {UsageError} When the command line is wrong.
 */
export async function runCommandLine(args: readonly string[], context: Context): Promise<number> {
  let exitCode = 0;
  const program = makeProgram(context, (code) => exitCode = code);
  try {
    if (args.length === 0) throw new UsageError(`no command: try "unsock --help"`);
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    throw new UsageError(`${commandPrefix(args, program)}${oneLine(error.message)}`, { cause: error });
  }
  return exitCode;
}

function commandPrefix(args: readonly string[], program: Command): string {
  return program.commands.some((command) => command.name() === args[0]) ? `${args[0]}: ` : "";
}

function oneLine(message: string): string {
  return message.replace(/^error: /, "").replace(/\n\(Did you mean (.*)\?\)/, ": did you mean $1?").replace(
    /\s+/g,
    " ",
  );
}
