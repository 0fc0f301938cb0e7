/** Small C programs around single files of the library, for code that no exported function reaches. */
import { assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { withDir } from "./dir.ts";
import { run } from "./process.ts";

const ROOT = join(dirname(fromFileUrl(import.meta.url)), "..", "..");
const FLAGS = ["-std=c17", "-Wall", "-Wextra", "-Werror", "-fno-builtin", "-D_GNU_SOURCE", "-Ic"];

/**
 * Compiles a program with files of the library, runs it, and gives its output.
 *
 * @param program Its file in `tests/`.
 * @param sources Files of `c/` to compile with it, without `c/`.
 * @param args Its arguments.
 * @returns Its output.
 * @throws {Error} with the compiler's words, or when it fails.
 */
export async function runHarness(program: string, sources: readonly string[], ...args: string[]): Promise<string> {
  let output = "";
  await withDir(async (dir) => {
    const files = sources.map((source) => `c/${source}`);
    const compiler = Deno.env.get("CC") || "cc";
    const built = await run([compiler, ...FLAGS, "-o", `${dir}/harness`, `tests/${program}`, ...files], { cwd: ROOT });
    assertStrictEquals(built.code, 0, built.stderr);
    const { code, stdout, stderr } = await run([`${dir}/harness`, ...args]);
    assertStrictEquals(code, 0, stderr);
    output = stdout;
  });
  return output;
}
