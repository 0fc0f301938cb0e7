/** `unsock completions SHELL`: prints a completion script. */
import type { Command } from "../help/command.ts";
import { completionScript } from "../help/completions.ts";
import type { Context } from "../system/context.ts";
import { SHELLS } from "../system/shell.ts";

/** Prints the script of a shell, one of {@linkcode SHELLS}. Returns the exit status. */
export function completions(name: string, commands: readonly Command[], context: Context): number {
  const shell = SHELLS.find((one) => one === name);
  if (shell !== undefined) context.print(completionScript(shell, commands));
  return 0;
}
