/** Bundles the command line for Node.js: the command that npm puts into PATH, and one module with the rest. */
import * as path from "@std/path/posix";
import { tellStep } from "../progress.ts";
import { copySources } from "./sources.ts";
import { run, withStage } from "./tools.ts";

/** Used here alone: its output needs no package. */
const ESBUILD = "esbuild@0.28.2";

/** The oldest Node.js that it is for. */
const TARGET = "node22";

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
    const common = ["--bundle", "--platform=node", `--target=${TARGET}`, "--log-level=warning", ...aliases];
    const bundle = async (entry: string, file: string, ...options: string[]) => {
      const output = `--outfile=${path.join(directory, file)}`;
      await run("npx", ["--yes", ESBUILD, entry, ...common, ...options, output], tree);
    };
    await bundle("main.ts", "main.mjs", "--format=esm", "--define:import.meta.main=true");
    const start = ["--format=cjs", "--external:../main.mjs", "--banner:js=#!/usr/bin/env node"];
    await bundle("packaging/npm/unsock.ts", "bin/unsock.js", ...start);
  });
}
