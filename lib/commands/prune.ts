/** `unsock prune`: removes files to which nobody is bound any more. */
import * as path from "@std/path/posix";
import type { Context } from "../system/context.ts";
import { listSocketFiles } from "../report/socket_files.ts";
import { innerNames, socketFileNames } from "../report/socket_names.ts";
import { chooseDirectory } from "../run/directory.ts";
import { findShim } from "../run/shim.ts";
import { EXIT_FAILED } from "../system/errors.ts";
import { cString, openShim, type Shim, textOf } from "../system/ffi.ts";

interface PruneOptions {
  readonly dir?: string;
  readonly dryRun?: true;
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
  const directory = chooseDirectory(options.dir, environ, system.euid).path;
  const shim = openShim(await findShim(options.lib, environ, system));
  const needed = new Set(
    listSocketFiles(directory, libc, { processes: false }).filter(({ waiting }) => waiting > 0).map(({ file }) => file),
  );
  const pruned = socketFileNames(directory).map((name) => path.join(directory, name))
    // A live one that waits behind it takes its name by the library's own rules.
    .filter((file) => !needed.has(file))
    .map((file) => pruneOne(shim, file, options.dryRun !== true)).filter((one) => one !== undefined);
  pruned.push(...prunePrivate(shim, directory, options.dryRun !== true));
  // What is left of those that are gone, and says nothing to users.
  if (options.dryRun !== true) {
    for (const name of innerNames(directory)) pruneOne(shim, path.join(directory, name), true);
  }
  context.print(options.json ? `${JSON.stringify(pruned, null, 2)}\n` : pruned.map(describe(options)).join(""));
  return pruned.some(({ problem }) => problem !== null) ? EXIT_FAILED : 0;
}

function pruneOne(shim: Shim, file: string, remove: boolean): Pruned | undefined {
  const result = shim.unsock_prune(cString(file), remove ? 1 : 0);
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
