/** Whether what every redirected socket needs is allowed here: asked of the library. */
import { type Runner, textOf } from "../system/ffi.ts";

const MESSAGE_SIZE = 1024;

/** @returns The line that `run` would end with, or undefined: it is allowed. */
export function socketsProblem(runner: Runner): string | undefined {
  const error = new Uint8Array(MESSAGE_SIZE);
  return runner.unsock_check_sockets(error, BigInt(error.length)) === 0 ? undefined : textOf(error);
}
