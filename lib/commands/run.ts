/** `unsock run [options] -- COMMAND`: becomes COMMAND with the library preloaded. */
import { type Command, Option } from "commander";
import { readCallerState } from "../caller.ts";
import type { Context } from "../context.ts";
import { chooseDirectory, prepareDirectory } from "../directory.ts";
import type { Environ } from "../environ.ts";
import { CommandError, EXIT_RUN_FAILED, UsageError } from "../errors.ts";
import { execute } from "../exec.ts";
import { findProgram, inspectProgram } from "../program.ts";
import { applySettings, type SettingOptions } from "../run_environment.ts";
import { RUN_ADDRESSES } from "../settings.ts";
import { shellQuote } from "../shell.ts";
import { findShim } from "../shim.ts";

/** Options of `run`, as commander gives them. */
export interface RunOptions extends SettingOptions {
  readonly dir?: string;
  readonly lib?: string;
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

const NOTES = `
Exit status: 125 when unsock itself fails, 126 when COMMAND cannot be executed, 127 when it is not found, else COMMAND's.

Examples:
  unsock run -- python3 -m http.server 8000
  unsock run -- curl http://127.0.0.1:8000/
  unsock run --port 5432 --mode 660 --dir /run/db -- postgres -D /srv/db`;

/**
 * Adds the options that become settings, which `run` and `env` share.
 *
 * @param command Where to add them.
 * @returns `command`
 */
export function addSettingOptions(command: Command): Command {
  return command
    .option(
      "--dir <directory>",
      "where the socket files are (default: $UNSOCK_DIR, $XDG_RUNTIME_DIR/unsock, /tmp/unsock-UID)",
    )
    .option(
      "--addr <list>",
      `addresses that are redirected, ADDR or ADDR/BITS (default: $UNSOCK_ADDR, ${RUN_ADDRESSES})`,
    )
    .option("--port <list>", "only these ports, N or N-M (default: $UNSOCK_PORT, all)")
    .option("--mode <octal>", "permissions of created socket files")
    .option("--block-inet", "refuse IP traffic that is not redirected")
    .option("--block-inet6", "refuse IPv6 sockets")
    .addOption(
      new Option(
        "--accept-convert <which>",
        "peers that are not IP are reported as IP: all, vsock or none (default: all)",
      ),
    )
    .option("--fallback", "connect over the real network where no socket file exists")
    .option("--timeout <ms>", "how long a Firecracker handshake may take (default: 5000)")
    .option("--log [file]", "a line for each redirected call, to standard error or a file (--log=FILE)")
    .option("--lib <file>", "the libunsock.so to preload");
}

/** Adds the command to the program. */
export function defineRun(program: Command, context: Context, settle: (exitCode: number) => void): void {
  addSettingOptions(program.command("run").usage("[options] -- COMMAND [ARG...]"))
    .description("run COMMAND with its local network traffic moved to Unix sockets")
    .option("--force", "run COMMAND even if the library cannot reach it, or --dir is somebody else's")
    .option("--dry-run", "print environment and command, run nothing")
    .addHelpText("after", NOTES)
    .action(async (options: RunOptions) => settle(await run(options, context)));
}

async function run(options: RunOptions, context: Context): Promise<number> {
  const { system } = context;
  const [name, ...args] = context.command ?? [];
  if (name === undefined) {
    throw new UsageError(`run: no command: write "unsock run [options] -- COMMAND [ARG...]"`);
  }
  const directory = chooseDirectory(options.dir, context.environ, system.euid);
  const library = await findShim(options.lib, context.environ, system);
  const environ = context.environ.clone();
  applySettings(environ, absoluteLog(options), directory.path, library);
  const file = locate(new TextDecoder().decode(name), environ, options.force === true, context);
  const argv = [name, ...args];
  if (options.dryRun) {
    context.print(describe(argv, environ, context.environ));
    return 0;
  }
  prepareDirectory(directory, system.euid, options.force);
  execute(context.libc, { file, argv, environment: environ.entries }, readCallerState(context.proc));
}

/** @returns `options` with a log file of the working directory made absolute, as the library wants it. */
export function absoluteLog<T extends SettingOptions>(options: T): T {
  const { log } = options;
  if (typeof log !== "string" || log === "stderr" || log === "" || log.startsWith("/")) return options;
  return { ...options, log: `${Deno.cwd().replace(/\/$/, "")}/${log}` };
}

function locate(name: string, environ: Environ, force: boolean, context: Context): string {
  const searchPath = environ.get("PATH");
  const file = findProgram(name, searchPath, context.system);
  if (force) return file;
  const step = inspectProgram(file, searchPath, context.system).find(({ problem }) => problem !== undefined);
  if (step === undefined) return file;
  const via = step.file === file ? file : `${file}: its interpreter ${step.file}`;
  throw new CommandError(`command ${via}: the library cannot reach it: ${step.problem} (--force runs it anyway)`, {
    exitCode: EXIT_RUN_FAILED,
  });
}

/** What differs from the caller's environment, then the command: something to paste into a shell. */
function describe(argv: readonly Uint8Array[], environ: Environ, before: Environ): string {
  const decoder = new TextDecoder();
  const old = new Set(before.entries.map((entry) => decoder.decode(entry)));
  const lines = environ.entries.map((entry) => decoder.decode(entry))
    .filter((entry) => entry.startsWith("UNSOCK_") || !old.has(entry))
    .map((entry) => `${entry.slice(0, entry.indexOf("="))}=${shellQuote(entry.slice(entry.indexOf("=") + 1))} \\\n`);
  return `${lines.join("")}${argv.map((arg) => shellQuote(decoder.decode(arg))).join(" ")}\n`;
}
