/** `unsock run` itself: becomes the command with the library preloaded. */
import * as path from "@std/path/posix";
import { readCallerState } from "../system/caller.ts";
import type { Context } from "../system/context.ts";
import { chooseDirectory, prepareDirectory } from "./directory.ts";
import { type DirectoryOptions, readDirectoryRights, withGroupMode } from "./directory_rights.ts";
import type { Environ } from "../system/environ.ts";
import { CommandError, EXIT_RUN_FAILED, ShimError, UsageError } from "../system/errors.ts";
import { execute } from "../system/exec.ts";
import { findProgram, inspectProgram, type ProgramStep } from "./program.ts";
import { losesLibrary } from "./reach.ts";
import { parseMap, placeMap } from "./maps.ts";
import { applySettings } from "./environment.ts";
import { shellQuote } from "../system/shell.ts";
import type { SettingOptions } from "./settings.ts";
import { findShim } from "./shim.ts";

/** Options of `run`. */
export interface RunOptions extends SettingOptions, DirectoryOptions {
  readonly map?: readonly string[];
  readonly lib?: string;
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

/**
 * Becomes a command.
 *
 * @param options As on the command line.
 * @param command The last arguments of this process: the command's name and its own arguments.
 * @param context Its surroundings.
 * @returns The exit status, with `--dry-run` alone: else this process has become the command.
 * @throws {UnsockError} When it cannot.
 */
export async function run(options: RunOptions, command: readonly string[], context: Context): Promise<number> {
  const { system } = context;
  const [name, ...args] = context.lastArguments(command.length);
  if (name === undefined) {
    throw new UsageError(`run: no command: write "unsock run [options] -- COMMAND [ARG...]"`);
  }
  const directory = chooseDirectory(options.dir, context.environ, system.euid);
  const library = await findShim(options.lib, context.environ, system);
  const environ = context.environ.clone();
  const rights = readDirectoryRights(options, context.libc);
  const { addresses } = applySettings(environ, settingOptions(options, environ), directory.path, library);
  const maps = (options.map ?? []).map((text) => parseMap(text, addresses));
  const { file, trapped } = locate(new TextDecoder().decode(name), environ, options.force === true, context);
  if (options.force !== true) checkReach(file, library, context);
  const argv = [name, ...args];
  if (options.dryRun) {
    context.print(describe(argv, environ, context.environ));
    return 0;
  }
  prepareDirectory(directory, system.euid, options.force, rights);
  for (const map of maps) placeMap(directory.path, map);
  const start = trapped ? throughLibrary(library, argv) : { file, argv };
  execute(context.libc, { ...start, environment: environ.entries }, readCallerState(context.proc));
}

/** @returns `options` as settings: a log file of the working directory made absolute, and the mode that a group needs. */
export function settingOptions<T extends SettingOptions & DirectoryOptions>(options: T, environ: Environ): T {
  const { log, ...rest } = withGroupMode(options, environ.getFilled("UNSOCK_MODE") === undefined);
  const isWhole = typeof log !== "string" || log === "stderr" || log === "" || log.startsWith("/");
  return { ...rest, log: isWhole ? log : `${Deno.cwd().replace(/\/$/, "")}/${log}` } as T;
}

/** The library run as a program finds the command as we did, and starts it with its system calls trapped. */
function throughLibrary(library: string, argv: readonly Uint8Array[]): { file: string; argv: Uint8Array[] } {
  const words = [library, "run", "--"].map((word) => new TextEncoder().encode(word));
  return { file: library, argv: [...words, ...argv] };
}

/** What the command is: its file, and whether its system calls have to be trapped for the library to reach it. */
interface Located {
  readonly file: string;
  readonly trapped: boolean;
}

function locate(name: string, environ: Environ, force: boolean, context: Context): Located {
  const searchPath = environ.get("PATH");
  const file = findProgram(name, searchPath, context.system);
  const onlyPreload = environ.getFilled("UNSOCK_ENGINE") === "preload";
  if (force && onlyPreload) return { file, trapped: false };
  const steps = inspectProgram(file, searchPath, context.system);
  const reason = (step: ProgramStep) => step.problem ?? (onlyPreload ? step.trapped : undefined);
  const step = steps.find((step) => reason(step) !== undefined);
  if (step === undefined || force) return { file, trapped: steps.some(({ trapped }) => trapped !== undefined) };
  const via = step.file === file ? file : `${file}: its interpreter ${step.file}`;
  throw new CommandError(`command ${via}: the library cannot reach it: ${reason(step)} (--force runs it anyway)`, {
    exitCode: EXIT_RUN_FAILED,
  });
}

function checkReach(program: string, library: string, { system }: Context): void {
  if (!losesLibrary(program, Deno.realPathSync(library), system)) return;
  throw new ShimError(
    `library ${library}: root alone can reach it, and ${path.basename(program)} changes to another user: ` +
      "use --lib with a copy that everyone may read (--force runs it anyway)",
  );
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
