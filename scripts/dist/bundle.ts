/**
 * Bundles the command line: for Node.js the command that npm puts into PATH, and one module with the rest; for the compiled
 * binary the modules that `run` needs.
 */
import * as path from "@std/path/posix";
import { tellStep } from "../progress.ts";
import { copySources } from "./sources.ts";
import { DATE, ROOT, run, withStage } from "./tools.ts";

/** Used here alone: its output needs no package. */
const ESBUILD = "esbuild@0.28.2";

/** The oldest Node.js that it is for. It has `process.getBuiltinModule`, by which `first.js` knows it; of 22, 22.3 is the first. */
export const OLDEST_NODE = "20.16";

/** The oldest Node.js that parses the command in PATH, to tell its user that it is too old. */
const PARSED_BY = "node12.20";

async function bundle(tree: string, entry: string, file: string, options: readonly string[]): Promise<void> {
  await run("npx", ["--yes", ESBUILD, entry, "--bundle", "--log-level=warning", ...options, `--outfile=${file}`], tree);
}

/**
 * Puts `packaging/binary/unsock.ts` into one file, with all that it imports but `main.ts`. It goes into the directory of the
 * modules that find their files by their own place.
 *
 * @param tree A copy of the source.
 * @returns The file, from there.
 * @throws {Error} When npm cannot get esbuild, or esbuild fails.
 */
export async function bundleStart(tree: string): Promise<string> {
  const file = "lib/run/unsock.js";
  const options = ["--platform=neutral", "--target=esnext", "--external:node:*", "--external:./main.ts"];
  await bundle(tree, "packaging/binary/unsock.ts", file, ["--format=esm", ...options]);
  // As all files that the binary holds (sources.ts).
  await Deno.utime(path.join(tree, file), Number(DATE), Number(DATE));
  return file;
}

/**
 * Puts `main.ts`, and its starter, into a file each, with all that they import.
 *
 * @param directory Where: `main.mjs` and `bin/unsock.js`.
 * @throws {Error} When npm cannot get esbuild, or esbuild fails.
 */
export async function bundleProgram(directory: string): Promise<void> {
  tellStep("the command line for Node.js");
  await withStage(async (tree) => {
    const { imports }: { imports: Record<string, string> } = JSON.parse(
      await Deno.readTextFile(await copySources(tree, {})),
    );
    const aliases = Object.entries(imports).map(([name, target]) => `--alias:${name}=${target}`);
    const common = ["--platform=node", ...aliases];
    const main = ["--format=esm", `--target=node${OLDEST_NODE}`, "--define:import.meta.main=true", ...common];
    await bundle(tree, "main.ts", path.join(directory, "main.mjs"), main);
    const first = await Deno.readTextFile(path.join(ROOT, "packaging/npm/first.js"));
    const start = ["--format=cjs", `--target=${PARSED_BY}`, "--external:../main.mjs", ...common];
    const quiet = "--log-override:empty-import-meta=silent"; // of modules whose place does not matter here
    const banner = `--banner:js=${first.replace("OLDEST", OLDEST_NODE)}`;
    await bundle(tree, "packaging/npm/unsock.ts", path.join(directory, "bin/unsock.js"), [...start, quiet, banner]);
  });
}
