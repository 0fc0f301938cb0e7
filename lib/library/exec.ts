/** Becoming the library as a program, with the words and the environment of this process. */
import process from "node:process";
import { CommandError, EXIT_RUN_FAILED, reason } from "../system/errors.ts";
import { IS_DENO } from "../system/runtime.ts";
import { becomeByForeignFunctions } from "./ffi.ts";

/** The library's name for itself, by which it puts back what the runtime has changed of this process. */
const NAME = "unsock-of-runtime";

/** What ends or stops a program when its user says so. */
const PASSED_ON = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGCONT", "SIGWINCH"] as const;

/**
 * Becomes the library as a program. Where the runtime cannot (Node.js before 22.15), the library is a child, which this
 * process ends with.
 *
 * @param library Its path.
 * @param args All arguments of this process, which are the library's words.
 * @throws {CommandError} When it cannot be executed.
 */
export async function becomeLibrary(library: string, args: readonly string[]): Promise<never> {
  if (IS_DENO) return becomeByForeignFunctions(library, args.length);
  // Node.js ignores this signal; when its last handler goes, libuv sets the default.
  process.on("SIGXFSZ", () => {}).removeAllListeners("SIGXFSZ");
  try {
    process.execve?.(library, [NAME, ...args], process.env);
  } catch (error) {
    throw cannot(library, args, error);
  }
  return await stayAsParent(library, args);
}

function cannot(library: string, args: readonly string[], error: unknown): CommandError {
  const why = `library ${library}: cannot be executed: ${reason(error)}`;
  return new CommandError(`${args[0]}: ${why}`, { exitCode: EXIT_RUN_FAILED });
}

async function stayAsParent(library: string, args: readonly string[]): Promise<never> {
  const { spawn } = process.getBuiltinModule("node:child_process");
  const child = spawn(library, args, { stdio: "inherit", argv0: NAME });
  for (const signal of PASSED_ON) {
    // From a terminal the child gets an interrupt too; this process must only not end before it.
    process.on(signal, () => process.stdin.isTTY && signal === "SIGINT" || child.kill(signal));
  }
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on("error", (error) => reject(cannot(library, args, error)));
    child.on("exit", (code, signal) => resolve([code, signal]));
  });
  if (signal === null) process.exit(code ?? EXIT_RUN_FAILED);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const { constants } = process.getBuiltinModule("node:os");
  process.exit(128 + constants.signals[signal]); // the signal does not end this process
}
