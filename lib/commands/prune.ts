/** `unsock prune`: removes files to which nobody is bound any more. */
import * as path from "@std/path/posix";
import type { Context } from "../system/context.ts";
import { directoryError } from "../report/socket_names.ts";
import { checkPlace, chooseDirectory, directoryProblem } from "../run/directory.ts";
import { findShim } from "../run/shim.ts";
import { heldPath } from "../system/held.ts";
import { EXIT_FAILED } from "../system/errors.ts";
import { cString, openRunner, type Runner, textOf } from "../system/ffi.ts";

interface PruneOptions {
  readonly dir?: string;
  readonly dryRun?: true;
  readonly force?: true;
  readonly json?: true;
  readonly lib?: string;
}

/** What became of a file. */
interface Pruned {
  readonly file: string;
  /** Why it is still there; null: it is not, or would not be. */
  readonly problem: string | null;
}

const REASONS: Readonly<Record<number, string>> = {
  [-1]: "not permitted",
  [-13]: "you may not write to the directory",
  [-30]: "the file system is read-only",
  [-98]: "others have the directory locked: try again",
  [-105]: "no descriptor or no memory left",
};

/**
 * Removes them, with the directory locked, and only where the kernel says for certain that nobody is there.
 *
 * @param options As on the command line.
 * @returns The exit status.
 * @throws {UnsockError} When the directory or the library cannot be used.
 */
export async function prune(options: PruneOptions, context: Context): Promise<number> {
  const { environ, system, libc } = context;
  const chosen = chooseDirectory(options.dir, environ, system.euid);
  const directory = chosen.path;
  const runner = openRunner(await findShim(options.lib, environ, system));
  checkPlace(chosen, runner, options.force);
  const remove = options.dryRun !== true;
  const pruned = pruneSockets(runner, directory, heldPath(directory, libc), remove);
  // Where somebody could put another directory in its place, which has private ones too, they stay.
  const isTrusted = options.force !== true || directoryProblem(chosen, runner) === undefined;
  if (isTrusted) pruned.push(...prunePrivate(runner, directory, remove));
  context.print(options.json ? `${JSON.stringify(pruned, null, 2)}\n` : pruned.map(describe(options)).join(""));
  return pruned.some(({ problem }) => problem !== null) ? EXIT_FAILED : 0;
}

/** As many as all ports have, several times; what nobody fills is no memory. */
const NAMES_SIZE = 1 << 25;
const ENOENT = -2;

/** @param seen The directory's path as the library is to see it. */
function pruneSockets(runner: Runner, directory: string, seen: string, remove: boolean): Pruned[] {
  const text = new Uint8Array(NAMES_SIZE);
  const result = runner.unsock_prune_all(cString(seen), remove ? 1 : 0, text, BigInt(text.length));
  if (result < 0 && result !== ENOENT) throw directoryError(directory, result);
  return linesOf(text).toSorted().map((line) => {
    const [name = "", errno] = line.split("\t");
    const problem = Number(errno) > 0 ? null : REASONS[Number(errno)] ?? "cannot be removed";
    return { file: path.join(directory, name), problem };
  });
}

function linesOf(text: Uint8Array): string[] {
  return textOf(text).split("\n").filter((line) => line !== "");
}

const TEXT_SIZE = 1 << 16;

/** Directories of `run --private` whose keeper was killed. */
function prunePrivate(runner: Runner, directory: string, remove: boolean): Pruned[] {
  const text = new Uint8Array(TEXT_SIZE);
  runner.unsock_private_prune(cString(directory), remove ? 1 : 0, text, BigInt(text.length));
  return linesOf(text).map((file) => ({ file, problem: null }));
}

function describe({ dryRun }: PruneOptions): (pruned: Pruned) => string {
  return ({ file, problem }) => {
    if (problem !== null) return `${file}: ${problem}\n`;
    return dryRun ? `would remove ${file}\n` : `removed ${file}\n`;
  };
}
