/**
 * The command that npm puts into PATH: becomes this machine's library for the commands that the library runs itself.
 * All others are in `main.mjs`. Bundled for the package (`scripts/dist/bundle.ts`).
 */
import { createRequire } from "node:module";
import * as path from "node:path";
import process from "node:process";
import { becomeLibrary } from "../../lib/library/exec.ts";
import { isLibrarys, OF_LIBRARY } from "../../lib/run/librarys.ts";
import { EXIT_FAILED, EXIT_RUN_FAILED, reason } from "../../lib/system/errors.ts";

/** The bundle is CommonJS, which starts faster. */
declare const __filename: string;

const OLDEST = 22;

const args = process.argv.slice(2);
const [name = ""] = args;

function findLibrary(): string {
  const part = `unsock-linux-${process.arch}`;
  try {
    const manifest = createRequire(__filename).resolve(`${part}/package.json`);
    return path.join(path.dirname(manifest), "lib", "libunsock.so");
  } catch (error) {
    const why = `package ${part}: not installed: npm install ${part} (Linux on x64 and arm64 only)`;
    throw new Error(why, { cause: error });
  }
}

async function start(): Promise<void> {
  const library = findLibrary();
  if (isLibrarys(args)) await becomeLibrary(library, args);
  if (parseInt(process.versions.node) < OLDEST) {
    throw new Error(`${name}: needs Node.js ${OLDEST} or newer, this is ${process.versions.node}`);
  }
  await import("../main.mjs");
}

start().catch((error: unknown) => {
  console.error(`unsock: ${reason(error)}`);
  process.exit(OF_LIBRARY.includes(name) || name.startsWith("-") ? EXIT_RUN_FAILED : EXIT_FAILED);
});
