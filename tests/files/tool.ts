/** Tools of these tests: small C programs that use files of the library's, without the library. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { run } from "../support/process.ts";

const ROOT = join(dirname(fromFileUrl(import.meta.url)), "..", "..");
/** The linker drops functions that a tool does not call: their callees need not be linked. */
const SECTIONS = ["-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections"];
const FLAGS = ["-std=gnu17", "-Wall", "-Wextra", "-Werror", "-fno-builtin", "-Ic", ...SECTIONS];

/**
 * Compiles a tool into the directory of a test, where every user may execute it.
 *
 * @param dir The directory.
 * @param file The tool's own file, beside this one.
 * @param sources The files it uses: by folder of `c/`, their names.
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

/**
 * Runs a tool that does something before each single system call of what it tries (`moments.h`).
 *
 * @param dir The directory of a test.
 * @param file The tool's own file.
 * @param sources As of buildTool.
 * @param argument The tool's argument, in the directory `place`, which must be empty at the end.
 * @param expected Its output.
 */
export async function tryEveryMoment(
  dir: string,
  file: string,
  sources: Readonly<Record<string, readonly string[]>>,
  [place, argument]: readonly [string, string],
  expected: RegExp,
): Promise<void> {
  const tool = await buildTool(dir, file, sources, ["-include", "tests/files/moments.h"]);
  await Deno.mkdir(`${dir}/${place}`);
  const { code, stdout, stderr } = await run([tool, `${dir}/${argument}`]);
  assertStrictEquals(code, 0, stderr);
  assertMatch(stdout, expected);
  assertEquals([...Deno.readDirSync(`${dir}/${place}`)], []);
}
