/** `unsock env`: what `run` would set, as lines for a shell. */
import type { Command } from "commander";
import type { Context } from "../system/context.ts";
import { chooseDirectory, prepareDirectory } from "../run/directory.ts";
import { absoluteLog } from "../run/run.ts";
import { applySettings, type SettingOptions } from "../run/environment.ts";
import { shellQuote } from "../system/shell.ts";
import { findShim } from "../run/shim.ts";
import { addSettingOptions } from "./run.ts";

interface EnvOptions extends SettingOptions {
  readonly dir?: string;
  readonly lib?: string;
  readonly force?: boolean;
}

/** What a shell is told: the settings of the library, and the library. */
const NAMES = [
  "UNSOCK_DIR",
  "UNSOCK_ADDR",
  "UNSOCK_PORT",
  "UNSOCK_MODE",
  "UNSOCK_BLOCK_INET",
  "UNSOCK_BLOCK_INET6",
  "UNSOCK_ACCEPT_CONVERT_ALL",
  "UNSOCK_ACCEPT_CONVERT_VSOCK",
  "UNSOCK_FALLBACK",
  "UNSOCK_CONNECT_TIMEOUT_MS",
  "UNSOCK_LOG",
  "LD_PRELOAD",
];

const NOTES = `
Everything that the shell starts from then on is redirected:
  eval "$(unsock env --port 5432)"`;

/** Adds the command to the program. */
export function defineEnv(program: Command, context: Context, settle: (exitCode: number) => void): void {
  addSettingOptions(program.command("env"))
    .description("print the environment that run would set, as export lines for a shell")
    .option("--force", "even if --dir is somebody else's")
    .addHelpText("after", NOTES)
    .action(async (options: EnvOptions) => {
      const { system } = context;
      const directory = chooseDirectory(options.dir, context.environ, system.euid);
      const library = await findShim(options.lib, context.environ, system);
      const environ = context.environ.clone();
      applySettings(environ, absoluteLog(options), directory.path, library);
      prepareDirectory(directory, system.euid, options.force);
      for (const name of NAMES) {
        const value = environ.get(name);
        if (value !== undefined) context.print(`export ${name}=${shellQuote(value)}\n`);
        else if (context.environ.get(name) !== undefined) context.print(`unset ${name}\n`);
      }
      settle(0);
    });
}
