/** Executes the library for its own commands. Imports little, as scripts run these commands thousands of times. */
import process from "node:process";
import { becomeLibrary } from "../library/exec.ts";
import { LibraryError } from "../system/errors.ts";
import { runsInLibrary } from "../library/commands.ts";
import { findLibrary } from "../library/find.ts";

/**
 * Executes the library if it runs the command itself.
 *
 * @param args All arguments, the command's name first.
 * @returns Only if the library does not run the command, or is not found without `--lib`.
 * @throws {CommandError} When the library cannot be executed.
 */
export async function runDirectly(args: readonly string[]): Promise<void> {
  if (!runsInLibrary(args)) return;
  const library = findQuietly();
  if (library !== undefined) await becomeLibrary(library, args);
}

function findQuietly(): string | undefined {
  try {
    return findLibrary(undefined, variable);
  } catch (error) {
    if (error instanceof LibraryError) return undefined; // --lib may name a library
    throw error;
  }
}

/** Returns a variable's value. A value that is not UTF-8, for which Deno throws, counts as unset. */
function variable(name: string): string | undefined {
  try {
    return process.env[name] || undefined;
  } catch {
    return undefined; // not UTF-8
  }
}
