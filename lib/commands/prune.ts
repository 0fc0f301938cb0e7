/** `unsock prune`: removes files to which nobody is bound any more. */
import * as path from "@std/path/posix";
import type { Context } from "../system/context.ts";
import { listSocketFiles } from "../report/socket_files.ts";
import { innerNames, socketFileNames } from "../report/socket_names.ts";
import { checkPlace, chooseDirectory, directoryProblem } from "../run/directory.ts";
import { findShim } from "../run/shim.ts";
import { heldPath } from "../system/held.ts";
import { EXIT_FAILED } from "../system/errors.ts";
import { cString, openRunner, openShim, type Shim, textOf } from "../system/ffi.ts";

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
  const library = await findShim(options.lib, environ, system);
  const shim = openShim(library);
  checkPlace(chosen, openRunner(library), options.force);
  const seen = heldPath(directory, libc);
  const remove = options.dryRun !== true;
  const needed = new Set(
    listSocketFiles(directory, libc, { processes: false }).filter(({ waiting }) => waiting > 0).map(({ file }) => file),
  );
  const pruneName = (name: string) => {
    const file = path.join(directory, name);
    // A live one that waits behind it takes its name by the library's own rules.
    return needed.has(file) ? undefined : pruneOne(shim, file, path.join(seen, name), remove);
  };
  const pruned = socketFileNames(directory).map(pruneName).filter((one) => one !== undefined);
  // Where somebody could put another directory in its place, which has private ones too, they stay.
  const isTrusted = options.force !== true || directoryProblem(chosen, openRunner(library)) === undefined;
  if (isTrusted) pruned.push(...prunePrivate(shim, directory, remove));
  // What is left of those that are gone, and says nothing to users.
  if (remove) { for (const name of innerNames(directory)) pruneName(name); }
  context.print(options.json ? `${JSON.stringify(pruned, null, 2)}\n` : pruned.map(describe(options)).join(""));
  return pruned.some(({ problem }) => problem !== null) ? EXIT_FAILED : 0;
}

/** @param seen The file's path as the library is to see it. */
function pruneOne(shim: Shim, file: string, seen: string, remove: boolean): Pruned | undefined {
  const result = shim.unsock_prune(cString(seen), remove ? 1 : 0);
  if (result === 0) return undefined;
  return { file, problem: result > 0 ? null : REASONS[result] ?? "cannot be removed" };
}

const TEXT_SIZE = 1 << 16;

/** Directories of `run --private` whose keeper was killed. */
function prunePrivate(shim: Shim, directory: string, remove: boolean): Pruned[] {
  const text = new Uint8Array(TEXT_SIZE);
  shim.unsock_private_prune(cString(directory), remove ? 1 : 0, text, BigInt(text.length));
  return textOf(text).split("\n").filter((line) => line !== "").map((file) => ({ file, problem: null }));
}

function describe({ dryRun }: PruneOptions): (pruned: Pruned) => string {
  return ({ file, problem }) => {
    if (problem !== null) return `${file}: ${problem}\n`;
    return dryRun ? `would remove ${file}\n` : `removed ${file}\n`;
  };
}
