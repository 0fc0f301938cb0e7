/**
 * The files of the installed command line, which the library executes. They are the compiled binary, if it is as new as
 * the source; or the npm package's one file; or else a copy of the source, its packages and the runtime, which needs
 * nothing from the source tree.
 */
import * as path from "@std/path/posix";
import * as fs from "node:fs";
import process from "node:process";
import { statOrUndefined } from "../system/files.ts";
import { SMALL_HEAP } from "../system/heap.ts";
import { UnsockError } from "../system/errors.ts";
import { Environ } from "../system/environ.ts";
import { IS_COMPILED, IS_DENO, isPackaged, runProgram } from "../system/runtime.ts";
import { VERSION } from "../system/version.ts";

/** One file to install. */
export interface ProgramFile {
  readonly mode: number;
  readonly content: () => Uint8Array;
}

/** The program to install. The keys of `files` are their paths below the prefix. */
export interface Program {
  /** A description of the program for the user. */
  readonly what: string;
  readonly files: Readonly<Record<string, ProgramFile>>;
}

/** The program that the library executes: `c/program/program.c`. */
const COMMAND_LINE = "libexec/unsock";

/** The copy of the source, with the runtime's cache in it. */
export const TREE = "lib/unsock";
export const CACHE = `${TREE}/cache`;
const EXECUTABLE = 0o755;
const READABLE = 0o644;

const ROOT = path.join(import.meta.dirname ?? ".", "..", "..");
const SOURCES = ["main.ts", "deno.json", "deno.lock", "lib", "types"];

/** The files that the binary is compiled from. */
const COMPILED_FROM = [...SOURCES, "build/libunsock.so"];

/** @returns The program to install. */
export function ownProgram(): Program {
  if (isPackaged()) return copyOfPackage();
  const binary = IS_COMPILED ? process.execPath : currentBinary();
  if (binary === undefined) return copyOfSource();
  const file = { mode: EXECUTABLE, content: () => fs.readFileSync(binary) };
  return { what: `the compiled binary ${binary}`, files: { [COMMAND_LINE]: file } };
}

/** Returns the binary that `deno task compile` made, or undefined if it is missing or older than its sources. */
function currentBinary(): string | undefined {
  const binary = path.join(ROOT, "dist", "unsock");
  const made = statOrUndefined(binary)?.mtime?.getTime();
  if (made === undefined) return undefined;
  const newer = (file: string): boolean => {
    const status = statOrUndefined(file);
    if (status?.isDirectory()) return fs.readdirSync(file).some((name) => newer(path.join(file, name)));
    return status === undefined || status.mtime.getTime() > made;
  };
  return COMPILED_FROM.some((name) => newer(path.join(ROOT, name))) ? undefined : binary;
}

/** The start script of the copy. It finds the files by its own path, so the prefix may be moved. It fetches nothing. */
const START = `#!/bin/sh
here=\${0%/*}/../${TREE}
DENO_DIR=$here/cache DENO_NO_UPDATE_CHECK=1 exec "$here/deno" run \\
  --quiet --no-prompt -A --cached-only --v8-flags=${SMALL_HEAP} "$here/main.ts" "$@"
`;

/** The command that starts the runtime of this process. */
const RUNTIME = IS_DENO ? "deno run --quiet --no-prompt -A" : "bun" in process.versions ? "bun" : "node";

/** Returns the npm package's one file, and a script that finds this process's runtime in PATH and runs the file. */
function copyOfPackage(): Program {
  const main = `${TREE}/main.mjs`;
  const start = `#!/bin/sh\nexec ${RUNTIME} "\${0%/*}/../${main}" "$@"\n`;
  return {
    what: `a copy of unsock ${VERSION} for the ${RUNTIME.split(" ", 1)} in PATH`,
    files: {
      [COMMAND_LINE]: { mode: EXECUTABLE, content: () => new TextEncoder().encode(start) },
      [main]: { mode: READABLE, content: () => fs.readFileSync(new URL(import.meta.url)) },
    },
  };
}

function copyOfSource(): Program {
  const files: Record<string, ProgramFile> = {
    [COMMAND_LINE]: { mode: EXECUTABLE, content: () => new TextEncoder().encode(START) },
    [`${TREE}/deno`]: { mode: EXECUTABLE, content: () => fs.readFileSync(process.execPath) },
  };
  const add = (from: string, to: string): void => {
    if (!fs.statSync(from).isDirectory()) files[to] = { mode: READABLE, content: () => fs.readFileSync(from) };
    else for (const name of fs.readdirSync(from)) add(path.join(from, name), `${to}/${name}`);
  };
  for (const name of SOURCES) add(path.join(ROOT, name), `${TREE}/${name}`);
  for (const { from, below } of importedPackages()) add(from, `${CACHE}/npm/${below}`);
  return { what: `a copy of Deno ${process.versions.deno} and of the source of unsock ${VERSION}`, files };
}

/** Returns the directories of `deno.json`'s packages in the runtime's cache, with their paths below `npm`. */
function importedPackages(): { from: string; below: string }[] {
  const { stdout } = runProgram(process.execPath, ["info", "--json"], Environ.ofRuntime().variables());
  const { npmCache }: { npmCache: string } = JSON.parse(stdout);
  const imports: Record<string, string> = JSON.parse(fs.readFileSync(path.join(ROOT, "deno.json"), "utf8")).imports;
  const packages = new Set(Object.values(imports).flatMap((target) => /^npm:([^/]+)@/.exec(target)?.[1] ?? []));
  const found = fs.readdirSync(npmCache).flatMap((registry) =>
    [...packages].map((name) => ({ from: path.join(npmCache, registry, name), below: `${registry}/${name}` }))
  ).filter(({ from }) => statOrUndefined(from)?.isDirectory() === true);
  if (found.length < packages.size) {
    throw new UnsockError(`install: the packages of deno.json are not in ${npmCache}: run "deno task build" once`);
  }
  return found;
}
