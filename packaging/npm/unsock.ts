/**
 * The command that npm puts into PATH: becomes this machine's library for the commands that the library runs itself.
 * `main.mjs` has all other commands. `scripts/dist/bundle.ts` bundles this file for the package.
 */
import { createRequire } from "node:module";
import * as path from "node:path";
import process from "node:process";
import { becomeLibrary } from "../../lib/library/exec.ts";
import { runsInLibrary } from "../../lib/library/commands.ts";
import { startProblem } from "../../lib/library/trust.ts";

/** The bundle is CommonJS, which starts faster. */
declare const __filename: string;

/** Returns the library, or undefined if this machine has none, or if it cannot be executed where it is. */
function findLibrary(): string | undefined {
  try {
    const manifest = createRequire(__filename).resolve(`unsock-linux-${process.arch}/package.json`);
    const file = path.join(path.dirname(manifest), "lib", "libunsock.so");
    return startProblem(file) === undefined ? file : undefined;
  } catch {
    return undefined; // no such package: main.mjs reports it
  }
}

async function start(): Promise<void> {
  const args = process.argv.slice(2);
  const library = process.platform === "linux" && runsInLibrary(args) ? findLibrary() : undefined;
  if (library !== undefined) await becomeLibrary(library, args);
  await import("../main.mjs");
}

start().catch((error: unknown) => {
  console.error(`unsock: ${error instanceof Error ? error.message : error}`);
  process.exit(125);
});
