/** Finds the library that the command line itself uses. Every `run` loads this file, so it imports little. */
import * as fs from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { statOrUndefined } from "../system/files.ts";
import { LibraryError } from "../system/errors.ts";
import { IS_COMPILED, isPackaged } from "../system/runtime.ts";
import { BUILT, NAME, ROOT, type Variables } from "./place.ts";
import { distrust, startProblem } from "./trust.ts";
import { unpackLibrary } from "./unpack.ts";

/**
 * Searches for the library where this program has it: beside the compiled binary and in `../lib`, in the source tree,
 * or in the npm package. Then searches in `/usr/local/lib`, and last unpacks the copy in the compiled binary. Skips a
 * library that a user other than this one and root could have written, or that the kernel would not execute.
 *
 * @param option The value of `--lib`. It is used, as `UNSOCK_LIB` is, only if no other library is found.
 * @returns An absolute path.
 * @throws {LibraryError} When no library is found, or it cannot be used.
 */
export function findLibrary(option: string | undefined, variable: Variables): string {
  const places = defaultPlaces();
  const there = places.filter(exists);
  const named = option ?? variable("UNSOCK_LIB");
  const found = there.find((file) => distrust(file) === undefined && startProblem(file) === undefined);
  if (found !== undefined) return checkWhole(found);
  if (IS_COMPILED) {
    try {
      return unpackLibrary(variable);
    } catch (error) {
      if (named === undefined) throw error;
    }
  }
  if (named !== undefined) return checkOwn(named.startsWith("/") ? named : `${process.cwd()}/${named}`);
  if (there[0] !== undefined) return checkOwn(there[0]);
  throw new LibraryError(isPackaged() ? noPackage() : noBuild(places));
}

function noBuild(places: readonly string[]): string {
  return `library ${NAME}: not found in ${places.map((place) => dirname(place)).join(", ")}: run "deno task build"`;
}

/** Returns the message for a missing `PACKAGE`: npm omits it on other architectures, and with `--omit=optional`. */
function noPackage(): string {
  const how = ["x64", "arm64"].includes(process.arch) ? `npm install ${PACKAGE}` : "unsock is for x64 and arm64";
  return `package ${PACKAGE}: not installed: ${how}`;
}

/** @returns The library beside this program, or undefined if there is none. (A compiled binary may carry its own.) */
export function libraryBeside(): string | undefined {
  return placesBeside().find(exists);
}

/** This machine's part of the npm package. */
const PACKAGE = `unsock-linux-${process.arch}`;

function placesBeside(): string[] {
  if (isPackaged()) return packagedPlaces();
  // An installed copy of the source has the library beside it: the second place.
  if (!IS_COMPILED) return [BUILT, `${dirname(ROOT)}/${NAME}`];
  const directory = dirname(process.execPath);
  return [`${directory}/${NAME}`, `${dirname(directory)}/lib/${NAME}`];
}

/** Returns the npm package's places for the library: in this machine's package, and where `install` puts it. */
function packagedPlaces(): string[] {
  const beside = [`${dirname(import.meta.dirname ?? "/")}/${NAME}`];
  try {
    // `import.meta.resolve` does not find packages of Yarn's Plug'n'Play; `createRequire` does.
    const { createRequire } = process.getBuiltinModule("node:module");
    const manifest = createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`);
    return [`${dirname(manifest)}/lib/${NAME}`, ...beside];
  } catch {
    return beside; // no such package is installed
  }
}

function defaultPlaces(): string[] {
  return [...placesBeside(), `/usr/local/lib/${NAME}`];
}

function exists(file: string): boolean {
  // Most of these files are missing. Then `existsSync` alone is much faster than `stat`.
  return fs.existsSync(file) && statOrUndefined(file)?.isFile() === true;
}

/** Throws unless the library exists, can be trusted, and can be executed. */
function checkOwn(file: string): string {
  if (!exists(file)) throw new LibraryError(`library ${file}: No such file`);
  const why = distrust(file);
  if (why !== undefined) {
    throw new LibraryError(`library ${file}: ${why}: use --lib with a copy that only you can write`);
  }
  const problem = startProblem(file);
  if (problem !== undefined) throw new LibraryError(`library ${file}: ${problem}`);
  return checkWhole(file);
}

function checkWhole(file: string): string {
  if (!isWhole(file)) throw new LibraryError(`library ${file}: cut short: copy it once more`);
  return file;
}

/** True if the file has its whole section table, which linkers put last. A truncated library would crash. */
function isWhole(file: string): boolean {
  const header = new Uint8Array(64);
  const fd = fs.openSync(file, "r");
  try {
    if (fs.readSync(fd, header) < header.length) return false;
    const view = new DataView(header.buffer);
    const end = Number(view.getBigUint64(40, true)) + view.getUint16(58, true) * view.getUint16(60, true);
    return end <= fs.fstatSync(fd).size;
  } finally {
    fs.closeSync(fd);
  }
}
