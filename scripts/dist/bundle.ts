/**
 * Bundles the command line. For Node.js: the command that npm puts into PATH, and one module with the rest. For the
 * compiled binary: the modules that `run` needs.
 */
import * as path from "@std/path/posix";
import { tellStep } from "../progress.ts";
import { copySources } from "./sources.ts";
import { DATE, ROOT, run, withStage } from "./tools.ts";

/** The bundler, which only this file uses. Its output needs no package. */
const ESBUILD = "esbuild@0.28.2";

/**
 * The oldest Node.js that the package supports: the first with `process.getBuiltinModule`. Of version 22, 22.3 is the
 * first.
 */
export const OLDEST_NODE = "20.16";

/**
 * The oldest Node.js that can parse the command in PATH. The command reports a Node.js that is too old for the package.
 */
const PARSED_BY = "node12.20";

async function bundle(tree: string, entry: string, file: string, options: readonly string[]): Promise<void> {
  await run("npx", ["--yes", ESBUILD, entry, "--bundle", "--log-level=warning", ...options, `--outfile=${file}`], tree);
}

/**
 * Bundles `packaging/binary/unsock.ts` into one file with all its imports except `main.ts`. The file goes into
 * `lib/run/`, as modules of that directory find other files by their own path.
 *
 * @param tree A copy of the source.
 * @returns The file's path below `tree`.
 * @throws {Error} When npm cannot get esbuild, or esbuild fails.
 */
export async function bundleStart(tree: string): Promise<string> {
  const file = "lib/run/unsock.js";
  const options = ["--platform=neutral", "--target=esnext", "--external:node:*", "--external:./main.ts"];
  await bundle(tree, "packaging/binary/unsock.ts", file, ["--format=esm", ...options]);
  // All files in the binary have this date (sources.ts).
  await Deno.utime(path.join(tree, file), Number(DATE), Number(DATE));
  return file;
}

/**
 * Bundles `main.ts`, and its starter `packaging/npm/unsock.ts`, into one file each, with all their imports.
 *
 * @param directory The directory for `main.mjs` and `bin/unsock.js`.
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
    const quiet = "--log-override:empty-import-meta=silent"; // the value of import.meta does not matter here
    const banner = `--banner:js=${first.replace("OLDEST", OLDEST_NODE)}`;
    await bundle(tree, "packaging/npm/unsock.ts", path.join(directory, "bin/unsock.js"), [...start, quiet, banner]);
  });
}
