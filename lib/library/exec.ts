/** Executes the library in place of this process, with the same arguments and environment. */
import * as fs from "node:fs";
import process from "node:process";
import { Environ, splitNul } from "../system/environ.ts";
import {
  codeOf,
  CommandError,
  EXIT_NOT_EXECUTABLE,
  EXIT_NOT_FOUND,
  EXIT_RUN_FAILED,
  reason,
} from "../system/errors.ts";
import { orUndefined } from "../system/files.ts";
import { IS_DENO } from "../system/runtime.ts";
import { nameForLibrary } from "./caller.ts";
import { executeByForeignFunctions } from "./ffi.ts";

/** The signals that this process passes on to its child. */
const PASSED_ON = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGCONT", "SIGWINCH"] as const;

/**
 * Executes the library in place of this process. If the runtime has no execve(2) (Node.js before 22.15), starts the
 * library as a child, and ends with the child's status.
 *
 * @param library The library's path.
 * @param args All arguments of this process, which the library gets.
 * @throws {CommandError} When the library cannot be executed.
 */
export async function becomeLibrary(library: string, args: readonly string[]): Promise<never> {
  const name = nameForLibrary();
  if (IS_DENO) return becomeOnDeno(library, name, args);
  // Restores the default action of SIGXFSZ, which Node.js ignores: libuv sets it when the last handler is removed.
  process.on("SIGXFSZ", () => {}).removeAllListeners("SIGXFSZ");
  try {
    process.execve?.(library, [name, ...args], process.env);
  } catch (error) {
    throw cannot(library, args, error);
  }
  return await stayAsParent(library, args, { argv0: name });
}

/** Executes the library with the kernel's arguments and environment. The runtime's copies lose bytes outside UTF-8. */
function becomeOnDeno(library: string, name: string, args: readonly string[]): never {
  const words = ownWords(args.length);
  const environment = Environ.ofProcess().entries;
  const why = executeByForeignFunctions(library, [new TextEncoder().encode(name), ...words], environment);
  throw cannot(library, args, why);
}

function ownWords(count: number): Uint8Array[] {
  const words = orUndefined(() => splitNul(fs.readFileSync("/proc/self/cmdline")));
  if (words !== undefined && words.length >= count) return words.slice(words.length - count);
  const why = "this process's arguments cannot be read: mount /proc";
  throw new CommandError(why, { exitCode: EXIT_RUN_FAILED });
}

function cannotStart(file: string, error: unknown): CommandError {
  const exitCode = codeOf(error) === "ENOENT" ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
  return new CommandError(`command ${file}: ${reason(error)}`, { exitCode, cause: error });
}

function cannot(library: string, args: readonly string[], error: unknown): CommandError {
  const why = `library ${library}: cannot be executed: ${typeof error === "string" ? error : reason(error)}`;
  return new CommandError(`${args[0]}: ${why}`, { exitCode: EXIT_RUN_FAILED });
}

/**
 * Starts a program as a child, and passes signals on to it. Ends with the child's status, or by the signal that ended
 * the child.
 *
 * @param options Options of `spawn`.
 * @throws {CommandError} When the program cannot be started.
 */
export async function stayAsParent(
  file: string,
  args: readonly string[],
  options: { readonly argv0?: string; readonly shell?: boolean },
): Promise<never> {
  const { spawn } = process.getBuiltinModule("node:child_process");
  const child = spawn(file, args, { stdio: "inherit", ...options });
  for (const signal of PASSED_ON) {
    // A terminal sends SIGINT to the child itself. Then this process need only outlive the child.
    process.on(signal, () => process.stdin.isTTY && signal === "SIGINT" || child.kill(signal));
  }
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on("error", (error) => reject(cannotStart(file, error)));
    child.on("exit", (code, signal) => resolve([code, signal]));
  });
  if (signal === null) process.exit(code ?? EXIT_RUN_FAILED);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const { constants } = process.getBuiltinModule("node:os");
  process.exit(128 + constants.signals[signal]); // the signal has not ended this process
}
