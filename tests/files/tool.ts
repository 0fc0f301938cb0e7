/** Tools of these tests: small C programs that use files of the library's, without the library. */
import { assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { run } from "../support/process.ts";

const ROOT = join(dirname(fromFileUrl(import.meta.url)), "..", "..");
const FLAGS = ["-std=gnu17", "-Wall", "-Wextra", "-Werror", "-fno-builtin", "-Ic"];

/**
 * Compiles a tool into the directory of a test, where every user may execute it.
 *
 * @param dir The directory.
 * @param file The tool's own file, beside this one.
 * @param sources What it uses: by folder of `c/`, the files' names.
 * @param flags More flags of the compiler.
 * @returns Its path.
 */
export async function buildTool(
  dir: string,
  file: string,
  sources: Readonly<Record<string, readonly string[]>>,
  flags: readonly string[] = [],
): Promise<string> {
  const used = Object.entries(sources).flatMap(([folder, names]) => names.map((name) => `c/${folder}/${name}.c`));
  const command = ["cc", ...FLAGS, ...flags, "-o", `${dir}/tool`, `tests/files/${file}`, ...used];
  const { code, stderr } = await run(command, { cwd: ROOT });
  assertStrictEquals(code, 0, stderr);
  return `${dir}/tool`;
}
