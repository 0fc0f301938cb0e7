/** Commands that the library does, as a program (`c/program/program.c`): this process becomes it. */
import { findOwnShim } from "../run/own_shim.ts";
import type { Context } from "../system/context.ts";
import { CommandError } from "../system/errors.ts";
import { cString, openRunner, textOf } from "../system/ffi.ts";

const MESSAGE_SIZE = 1 << 12;

/**
 * Becomes the library as a program, which reads the words by itself.
 *
 * @param lib The value of `--lib`, where no other library is found.
 * @throws {ShimError} When there is no library.
 * @throws {CommandError} When it cannot be executed.
 */
export async function byLibrary({ args, environ, system }: Context, lib?: string): Promise<never> {
  const own = await findOwnShim(lib, (name) => environ.getFilled(name), system);
  const message = new Uint8Array(MESSAGE_SIZE);
  const exitCode = openRunner(own).unsock_program_called(args.length, cString(own), message, BigInt(message.length));
  throw new CommandError(`${args[0]}: ${textOf(message)}`, { exitCode });
}
