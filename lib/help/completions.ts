/** Completion scripts for shells, from the tables of commands and options. */
import type { Shell } from "../system/shell.ts";
import type { Command } from "./command.ts";
import { bashScript } from "./completion_bash.ts";
import { fishScript } from "./completion_fish.ts";
import { zshScript } from "./completion_zsh.ts";

/** Returns the script by which this shell completes words. */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  switch (shell) {
    case "bash":
      return bashScript(commands);
    case "zsh":
      return zshScript(commands);
    case "fish":
      return fishScript(commands);
  }
}
