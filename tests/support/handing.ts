/** A service manager for tests: opens sockets as systemd does, and executes a program with them (sd_listen_fds(3)). */
import { assertStrictEquals } from "@std/assert";
import { programsOf } from "./program_text.ts";
import { run } from "./process.ts";
import { libraryEnv } from "./library.ts";

const programText = programsOf(import.meta);

/** A socket to open, and its path: a listener, a UDP socket, or a connection to a kept listener (`Accept=yes`). */
export type Handed = readonly [kind: "stream" | "datagram" | "connection", path: string];

/**
 * Makes the command that hands sockets over.
 *
 * @param sockets The sockets to open, in the order of the descriptors from 3 on; relative paths are in `UNSOCK_DIR`.
 * @param command The program that gets them, and its arguments.
 * @param env Variables beside or instead of the true `LISTEN_FDS` and `LISTEN_PID`.
 * @returns The argument vector to start, with the process id that the program will have.
 */
export function handOver(sockets: readonly Handed[], command: string[], env: Record<string, string> = {}): string[] {
  return ["python3", "-c", programText("manager"), JSON.stringify(sockets), JSON.stringify(env), ...command];
}

/**
 * Runs a Python program that gets sockets, under the library. The program must write nothing to stderr.
 *
 * @param dir The absolute directory of the socket files.
 * @param sockets The sockets opened for it.
 * @param program The program's text (program_text.ts), mostly with the module `handed`.
 * @param env Variables beside or instead of those for the sockets.
 * @returns The program's output.
 */
export async function told(
  dir: string,
  sockets: readonly Handed[],
  program: string,
  env: Record<string, string> = {},
): Promise<string> {
  const command = handOver(sockets, ["python3", "-c", program], env);
  const { stdout, stderr } = await run(command, { env: libraryEnv(dir, { PYTHONUNBUFFERED: "1" }) });
  assertStrictEquals(stderr, "");
  return stdout;
}
