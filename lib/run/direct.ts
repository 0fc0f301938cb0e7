/** `run` at once, by the library, which reads the words by itself. What other commands need is not loaded: a script calls it a thousand times. */
import { CommandError, ShimError } from "../system/errors.ts";
import { cString, intOf, openLibc, openRunner, textOf } from "../system/ffi.ts";
import { effectiveUser } from "../system/linux.ts";
import { findOwnShim } from "./own_shim.ts";

const MESSAGE_SIZE = 1 << 15;
const ENOTSUP = 95;

/**
 * Becomes the command.
 *
 * @param args All arguments, `run` the first.
 * @returns The exit status; undefined: help is asked for, or there is no library but the one that `--lib` may name.
 * @throws {CommandError} When it cannot.
 */
export async function runDirectly(args: readonly string[]): Promise<number | undefined> {
  const own = await ownShim();
  return own === undefined ? undefined : callRun(own, args.length);
}

/**
 * @param own The library.
 * @param count How many words this process was called with, from `run` on.
 * @returns The exit status; undefined: help is asked for, or /proc does not tell the words.
 * @throws {CommandError} When it cannot become the command.
 */
export function callRun(own: string, count: number): number | undefined {
  const message = new Uint8Array(MESSAGE_SIZE);
  const runner = openRunner(own);
  const status = intOf(runner.unsock_run_called(count, cString(own), message, BigInt(message.length)));
  if (status === -ENOTSUP) return undefined;
  if (message[0] !== 0) throw new CommandError(textOf(message), { exitCode: status });
  return status;
}

async function ownShim(): Promise<string | undefined> {
  try {
    return await findOwnShim(undefined, variable, { euid: effectiveUser(openLibc()) });
  } catch (error) {
    if (error instanceof ShimError) return undefined; // --lib may name one
    throw error;
  }
}

/** One that is no UTF-8 cannot name a directory here. */
function variable(name: string): string | undefined {
  try {
    return Deno.env.get(name) || undefined;
  } catch {
    return undefined;
  }
}
