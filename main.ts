/** `unsock`: runs the command, prints its error, and exits with its status. Nothing in `lib` prints an error. */
import * as fs from "node:fs";
import process from "node:process";
import {
  codeOf,
  EXIT_FAILED,
  EXIT_RUN_FAILED,
  EXIT_USAGE,
  reason,
  UnsockError,
  UsageError,
} from "./lib/system/errors.ts";
import { runDirectly } from "./lib/run/direct.ts";
import { systemProblem } from "./lib/system/platform.ts";
import { printable } from "./lib/system/text.ts";
import { VERSION } from "./lib/system/version.ts";

const FULL_MS = 10;
const VERSION_WORDS = ["--version", "-V", "version"];

function print(text: string): void {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(write(bytes));
}

function write(bytes: Uint8Array): number {
  try {
    return fs.writeSync(1, bytes);
  } catch (error) {
    if (codeOf(error) === "EPIPE") throw error;
    if (codeOf(error) !== "EAGAIN") throw new UnsockError(`standard output: ${reason(error)}`, { cause: error });
    // Standard output is full, and another program has made it non-blocking: tries again later.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_MS);
    return 0;
  }
}

/** Writes one line to standard error, with control characters escaped. */
function warn(message: string): void {
  try {
    fs.writeSync(2, `unsock: ${printable(message.replace(/[\r\n]+/g, " "))}\n`);
  } catch {
    // Standard error cannot be written. The command continues without it.
  }
}

/** Prints an error as one line, what failed and why. Returns the exit status. */
function fail(error: unknown, isRun: boolean): number {
  warn(error instanceof UnsockError ? error.message : `unexpected: ${reason(error)}`);
  if (process.env.UNSOCK_DEBUG === "1") console.error(error);
  if (error instanceof UnsockError && error.exitCode !== undefined) return error.exitCode;
  if (isRun) return EXIT_RUN_FAILED;
  return error instanceof UsageError ? EXIT_USAGE : EXIT_FAILED;
}

async function main(args: readonly string[]): Promise<number> {
  const [name = ""] = args;
  try {
    if (VERSION_WORDS.includes(name)) {
      print(`${VERSION}\n`);
      return 0;
    }
    if (systemProblem() === undefined) await runDirectly(args);
    // Reached only if the library does not run the command. So the library's commands need not wait for this import.
    const { runCommandLine } = await import("./lib/commands/command_line.ts");
    return await runCommandLine(args, print, warn);
  } catch (error) {
    // The reader of standard output has closed the pipe.
    if (codeOf(error) === "EPIPE") return EXIT_FAILED;
    return fail(error, name === "run");
  }
}

/** Runs the command line of this process, and exits. */
export async function start(): Promise<never> {
  process.exit(await main(process.argv.slice(2)));
}

if (import.meta.main) await start();
