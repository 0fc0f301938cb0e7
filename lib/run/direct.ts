/**
 * `run` whose options are settings: the library does it, and reads the words by itself. What other commands need is not loaded:
 * a script calls `run` a thousand times.
 */
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
 * @returns The exit status; undefined: there is more to it than the library does by itself.
 * @throws {CommandError} When it cannot.
 */
export async function runDirectly(args: readonly string[]): Promise<number | undefined> {
  const own = await ownShim();
  if (own === undefined) return undefined;
  const message = new Uint8Array(MESSAGE_SIZE);
  const runner = openRunner(own);
  const status = intOf(runner.unsock_run_called(args.length, cString(own), message, BigInt(message.length)));
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
