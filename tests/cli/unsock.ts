/** Runs the command line as a user would, from source or as the compiled binary that UNSOCK_TEST_BINARY names. */
import { assertMatch, assertStrictEquals } from "@std/assert";
import * as path from "@std/path/posix";
import { run, type RunOptions, type RunResult } from "../support/process.ts";
import { libraryFile } from "../support/library.ts";

const ROOT = path.join(import.meta.dirname ?? ".", "..", "..");

/** Whether the compiled binary is tested, not the source. */
export function isCompiled(): boolean {
  return Deno.env.get("UNSOCK_TEST_BINARY") !== undefined;
}

/** The words in front of a command's name. */
export function unsockCommand(): string[] {
  const binary = Deno.env.get("UNSOCK_TEST_BINARY");
  // Quiet: where the runtime's cache is empty, or elsewhere than the environment says, it would tell of what it fetches.
  return binary ? [binary] : [Deno.execPath(), "run", "--quiet", "-A", path.join(ROOT, "main.ts")];
}

/**
 * Returns the variables that make the command line use the tested library: the compiled binary uses the one it carries.
 */
export function testedLibrary(): Record<string, string> {
  return Deno.env.get("UNSOCK_TEST_BINARY") ? { UNSOCK_LIB: libraryFile() } : {};
}

/** The caller's environment without anything that unsock reads, plus `extra`. */
function cleanEnvironment(extra: Record<string, string> = {}): Record<string, string> {
  const kept = Object.entries(Deno.env.toObject()).filter(([name]) => {
    return !name.startsWith("UNSOCK_") && name !== "LD_PRELOAD" && name !== "XDG_RUNTIME_DIR";
  });
  return { ...Object.fromEntries(kept), ...extra };
}

/** Runs `unsock` with `args`. */
export async function unsock(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const env = cleanEnvironment(options.env);
  return await run([...unsockCommand(), ...args], { ...options, env, clearEnv: true });
}

/** The same by the library alone, as a program: of the commands that it does by itself. */
export async function byLibrary(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const env = cleanEnvironment(options.env);
  return await run([libraryFile(), ...args], { ...options, env, clearEnv: true });
}

/** Runs a shell script in which `$UNSOCK` is the command line; `sh` of the system, as a caller like any other. */
export async function shell(script: string, options: RunOptions = {}): Promise<RunResult> {
  const env = cleanEnvironment({ ...options.env, UNSOCK: unsockCommand().join(" ") });
  return await run(["sh", "-c", script], { ...options, env, clearEnv: true });
}

/** A failure as promised: the exit status, and one line that starts with `unsock: ` and matches. */
export function assertFails(result: RunResult, code: number, line: RegExp): void {
  assertMatch(result.stderr, /^unsock: [^\n]*\n$/);
  assertMatch(result.stderr, line);
  assertStrictEquals(result.code, code, result.stderr);
}
