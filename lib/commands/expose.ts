/** `unsock expose PORT`: a port of the real network that leads to the directory's server. The library does it (`c/program/expose.c`). */
import { findOwnShim } from "../run/own_shim.ts";
import type { Context } from "../system/context.ts";
import { CommandError } from "../system/errors.ts";
import { cString, openRunner, textOf } from "../system/ffi.ts";

const MESSAGE_SIZE = 1 << 12;

/**
 * Becomes the library as a program, which reads the words by itself.
 *
 * @throws {CommandError} When it cannot.
 */
export async function expose({ args, environ, system }: Context): Promise<never> {
  const own = await findOwnShim(undefined, (name) => environ.getFilled(name), system);
  const message = new Uint8Array(MESSAGE_SIZE);
  const exitCode = openRunner(own).unsock_program_called(args.length, cString(own), message, BigInt(message.length));
  throw new CommandError(`expose: ${textOf(message)}`, { exitCode });
}
