/** Hands `run` to the library, which parses the arguments. Imports little: scripts call `run` thousands of times. */
import process from "node:process";
import { becomeLibrary } from "../library/exec.ts";
import { ShimError } from "../system/errors.ts";
import { findOwnShim } from "./own_shim.ts";

/**
 * Becomes the library, which becomes the command.
 *
 * @param args All arguments, `run` the first.
 * @returns Only if help may be asked for, or if there is no library unless `--lib` names one.
 * @throws {CommandError} When it cannot.
 */
export async function runDirectly(args: readonly string[]): Promise<void> {
  const end = args.indexOf("--");
  const own = end < 0 ? args : args.slice(0, end);
  if (own.includes("--help") || own.includes("-h")) return; // an option of `run`, or of the command
  const library = await ownShim();
  if (library !== undefined) await becomeLibrary(library, args);
}

async function ownShim(): Promise<string | undefined> {
  try {
    return await findOwnShim(undefined, variable);
  } catch (error) {
    if (error instanceof ShimError) return undefined; // --lib may name one
    throw error;
  }
}

/** One that is no UTF-8 cannot name a directory here. */
function variable(name: string): string | undefined {
  try {
    return process.env[name] || undefined;
  } catch {
    return undefined;
  }
}
