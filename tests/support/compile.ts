/** Compiles C for tests. */
import { dirname } from "@std/path/posix";
import { produce } from "../../scripts/files.ts";
import { run, type RunOptions } from "./process.ts";

/**
 * Compiles a file. If another test run compiles the same file meanwhile, each finds a complete one.
 *
 * @param file The absolute path of the result. Its directory is made.
 * @param command The compiler with all arguments but the file's.
 * @throws {Error} With the compiler's messages.
 */
export async function compileWhole(file: string, command: readonly string[], options?: RunOptions): Promise<void> {
  await Deno.mkdir(dirname(file), { recursive: true });
  await produce(file, async (part) => {
    const { code, stderr } = await run([...command, "-o", part], options);
    if (code !== 0) throw new Error(`${command.join(" ")}: exit status ${code}\n${stderr}`);
  });
}
