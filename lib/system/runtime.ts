/** Detects the runtime, Deno or Node.js, and runs programs with it. */
import process from "node:process";

export const IS_DENO = "Deno" in globalThis;

/** Whether this program is the compiled binary, which contains the library. */
export const IS_COMPILED = IS_DENO && Deno.build.standalone;

/** @returns Whether this program is the npm package, or `unsock install`'s copy of it: one file with all modules. */
export function isPackaged(): boolean {
  return !IS_COMPILED && !import.meta.url.endsWith("/lib/system/runtime.ts");
}

/** Exit status and output of a program. */
export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end, with an empty standard input and exactly this environment.
 *
 * @param file The program's path.
 * @throws {Error} When the program cannot be started; `code` is the errno's name.
 */
export function runProgram(file: string, args: readonly string[], env: Readonly<Record<string, string>>): Output {
  return IS_DENO ? runByDeno(file, args, env) : runByNode(file, args, env);
}

/** Uses Deno's own API. Deno's `node:child_process` adds this process's environment, and hides why a start fails. */
function runByDeno(file: string, args: readonly string[], env: Readonly<Record<string, string>>): Output {
  const command = new Deno.Command(file, { args: [...args], env, clearEnv: true, stdin: "null" });
  const { code, stdout, stderr } = command.outputSync();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Loads `node:child_process` only here: an import would delay each `run` on Deno. */
function runByNode(file: string, args: readonly string[], env: Readonly<Record<string, string>>): Output {
  const { spawnSync } = process.getBuiltinModule("node:child_process");
  const { error, status, stdout, stderr } = spawnSync(file, args, {
    env,
    maxBuffer: Infinity,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (error !== undefined) throw error;
  return { code: status ?? -1, stdout, stderr };
}
