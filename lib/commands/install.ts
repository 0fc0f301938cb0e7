/** `unsock install`: puts program, library, manual pages and completions in place; `--uninstall` removes exactly those. */
import * as path from "@std/path/posix";
import type { Command } from "../report/command.ts";
import { completionScript } from "../report/completions.ts";
import type { Context } from "../system/context.ts";
import { reason, UnsockError } from "../system/errors.ts";
import { interceptedCalls, openShim } from "../system/ffi.ts";
import { commandManual, libraryManual } from "../report/manual.ts";
import { type Shell, shellQuote } from "../system/shell.ts";
import { findShim } from "../run/shim.ts";

interface InstallOptions {
  readonly prefix?: string;
  readonly uninstall?: boolean;
  readonly lib?: string;
}

/** A file to put in place. */
interface Item {
  readonly mode: number;
  readonly content: () => Uint8Array;
}

/**
 * Puts everything in place, or removes it.
 *
 * @param options As on the command line.
 * @param commands All commands, which manual and completions describe.
 * @returns The exit status.
 * @throws {UnsockError} When a file cannot be written or removed.
 */
export async function install(
  options: InstallOptions,
  commands: readonly Command[],
  context: Context,
): Promise<number> {
  const prefix = path.resolve(options.prefix ?? "/usr/local");
  const library = options.uninstall ? "" : await findShim(options.lib, context.environ, context.system);
  for (const [name, item] of Object.entries(items(library, commands))) {
    const file = path.join(prefix, name);
    if (!options.uninstall) {
      putInPlace(file, item);
      context.print(`${file}\n`);
    } else if (remove(file)) {
      context.print(`removed ${file}\n`);
    }
  }
  return 0;
}

function items(library: string, commands: readonly Command[]): Record<string, Item> {
  const text = (content: () => string): Item => ({ mode: 0o644, content: () => new TextEncoder().encode(content()) });
  const completions = (shell: Shell) => text(() => completionScript(shell, commands));
  return {
    "bin/unsock": { mode: 0o755, content: programFile },
    "lib/libunsock.so": { mode: 0o755, content: () => Deno.readFileSync(library) },
    "share/man/man1/unsock.1": text(() => commandManual(commands)),
    "share/man/man7/libunsock.7": text(() => libraryManual(interceptedCalls(openShim(library)))),
    "share/bash-completion/completions/unsock": completions("bash"),
    "share/zsh/site-functions/_unsock": completions("zsh"),
    "share/fish/vendor_completions.d/unsock.fish": completions("fish"),
  };
}

/** The compiled binary is its own file; from source, a script starts the source tree. */
function programFile(): Uint8Array {
  if (Deno.build.standalone) return Deno.readFileSync(Deno.execPath());
  const root = path.join(import.meta.dirname ?? ".", "..", "..");
  const words = [Deno.execPath(), "run", "-A", "--config", path.join(root, "deno.json"), path.join(root, "main.ts")];
  return new TextEncoder().encode(`#!/bin/sh\nexec ${words.map(shellQuote).join(" ")} "$@"\n`);
}

/** Replaces the file at once: a program that runs from it goes on, and nobody meets half of it. */
function putInPlace(file: string, item: Item): void {
  const part = `${file}.${crypto.randomUUID()}`;
  try {
    Deno.mkdirSync(path.dirname(file), { recursive: true });
    Deno.writeFileSync(part, item.content(), { createNew: true });
    Deno.chmodSync(part, item.mode);
    Deno.renameSync(part, file);
  } catch (error) {
    remove(part);
    throw new UnsockError(`install ${file}: ${reason(error)}`, { cause: error });
  }
}

function remove(file: string): boolean {
  try {
    Deno.removeSync(file);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw new UnsockError(`uninstall ${file}: ${reason(error)}`, { cause: error });
  }
}
