/** Hands `run` to the library, which parses the arguments. Imports little: scripts call `run` thousands of times. */
import process from "node:process";
import { becomeLibrary } from "../library/exec.ts";
import { ShimError } from "../system/errors.ts";
import { findOwnShim } from "./own_shim.ts";

/**
 * Executes the library, which executes the command.
 *
 * @param args All arguments, `run` the first.
 * @returns Only if the user may want help, or if no library is found unless `--lib` names one.
 * @throws {CommandError} When the library cannot be executed.
 */
export async function runDirectly(args: readonly string[]): Promise<void> {
  const end = args.indexOf("--");
  const own = end < 0 ? args : args.slice(0, end);
  if (own.includes("--help") || own.includes("-h")) return; // an option of `run`, or of the command
  const library = ownShim();
  if (library !== undefined) await becomeLibrary(library, args);
}

function ownShim(): string | undefined {
  try {
    return findOwnShim(undefined, variable);
  } catch (error) {
    if (error instanceof ShimError) return undefined; // --lib may name one
    throw error;
  }
}

/** Returns a variable's value. Deno throws for one that is no UTF-8: it counts as unset, as it can name no directory here. */
function variable(name: string): string | undefined {
  try {
    return process.env[name] || undefined;
  } catch {
    return undefined;
  }
}
