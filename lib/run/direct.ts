/**
 * `run` whose options are settings: the library does it, with the words as they came. What other commands need is not loaded:
 * a script calls `run` a thousand times.
 */
import { readCallerState, restoreCallerState } from "../system/caller.ts";
import { Environ, joinNul, splitNul } from "../system/environ.ts";
import { CommandError, ShimError } from "../system/errors.ts";
import { cString, openLibc, openRunner, textOf } from "../system/ffi.ts";
import { Proc } from "../system/proc.ts";
import { findOwnShim } from "./own_shim.ts";

const MESSAGE_SIZE = 1 << 15;

/** `how` of `unsock_run`: only what it can do by itself. */
const SETTINGS_ALONE = 2;
const ENOTSUP = 95;

/**
 * Becomes the command.
 *
 * @param args All arguments, `run` the first.
 * @returns The exit status; undefined: there is more to it than the library does by itself.
 * @throws {CommandError} When it cannot.
 */
export async function runDirectly(args: readonly string[]): Promise<number | undefined> {
  const libc = openLibc();
  const proc = new Proc(libc);
  const raw = splitNul(proc.read("/proc/self/cmdline") ?? new Uint8Array()).slice(-args.length);
  if (new TextDecoder().decode(raw[0]) !== "run") return undefined;
  const environ = Environ.ofProcess(proc);
  const own = await findOwnShim(undefined, environ, { euid: libc.geteuid() }).catch((error) => {
    if (error instanceof ShimError) return undefined; // --lib may name one
    throw error;
  });
  if (own === undefined) return undefined;
  const [words, variables, message] = [joinNul(raw.slice(1)), joinNul(environ.entries), new Uint8Array(MESSAGE_SIZE)];
  const runner = openRunner(own);
  const run = runner.unsock_run;
  restoreCallerState(libc, readCallerState(proc));
  const [size, length, room] = [words, variables, message].map((bytes) => BigInt(bytes.length));
  const status = run(words, size ?? 0n, variables, length ?? 0n, cString(own), SETTINGS_ALONE, message, room ?? 0n);
  if (status === -ENOTSUP) return undefined;
  if (message[0] !== 0) throw new CommandError(textOf(message), { exitCode: status });
  return status;
}
