/** `unsock completions SHELL`: prints a completion script. */
import { Argument, type Command } from "commander";
import { completionScript, type Shell, SHELLS } from "../report/completions.ts";
import type { Context } from "../system/context.ts";

/** Adds the command to the program. */
export function defineCompletions(program: Command, context: Context, settle: (exitCode: number) => void): void {
  program.command("completions")
    .description("print a completion script for bash, zsh or fish")
    .addArgument(new Argument("<shell>", "the shell").choices(SHELLS))
    .addHelpText("after", `\nFor this shell:\n  source <(unsock completions bash)`)
    .action((shell: Shell) => {
      context.print(completionScript(shell, program));
      settle(0);
    });
}
