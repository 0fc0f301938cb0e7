/** Small Python programs under the library, where a C probe would be long and no run over TCP is needed. */
import { assertStrictEquals } from "@std/assert";
import { run } from "./process.ts";
import { libraryEnv } from "./library.ts";

/**
 * Runs a Python program under the library, which must write nothing to stderr.
 *
 * @param program Its text (program_text.ts), mostly with the module `port_files`.
 * @param dir The absolute directory of the socket files.
 * @param args Its arguments.
 * @returns Its output.
 */
export async function python(program: string, dir: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await run(["python3", "-c", program, ...args], { env: libraryEnv(dir) });
  assertStrictEquals(stderr, "");
  return stdout;
}
