/** C programs for the tests of reach, built in each possible way: some are within reach of preloading, some not. */
import { join } from "@std/path/posix";
import { run } from "./process.ts";
import { findProgram, need } from "./programs.ts";

/** How a program is linked. */
export type Linking = "dynamic" | "static" | "static-pie" | "musl";

const COMPILERS: Record<Linking, string[]> = {
  dynamic: ["cc"],
  static: ["cc", "-static"],
  "static-pie": ["cc", "-static-pie"],
  musl: ["musl-gcc", "-static"],
};

/** @returns Whether this machine has the compiler for this linking. If not, notes it for the end of the tests. */
export function canLink(linking: Linking): boolean {
  return need(COMPILERS[linking][0] ?? "");
}

/**
 * Compiles a C file.
 *
 * @param source The path of the C file.
 * @param dir The directory for the program.
 * @param linking How it is linked.
 * @returns The program's path.
 * @throws {Error} with the compiler's words.
 */
export async function buildLinked(source: string, dir: string, linking: Linking): Promise<string> {
  const name = source.slice(source.lastIndexOf("/") + 1).replace(/\.c$/, "");
  const binary = join(dir, `${name}-${linking}`);
  const [compiler = "cc", ...flags] = COMPILERS[linking];
  const path = findProgram(compiler) ?? compiler;
  const result = await run([path, ...flags, "-O1", "-Wall", "-Wextra", "-Werror", "-pthread", "-o", binary, source]);
  if (result.code !== 0) throw new Error(`${compiler} ${source} failed:\n${result.stderr}`);
  return binary;
}
