/** Unpacks the library that the compiled binary carries, if no other is found. */
import * as fs from "node:fs";
import { dirname } from "node:path";
import { createWhole, lstatOrUndefined } from "../system/files.ts";
import { codeOf, LibraryError, reason } from "../system/errors.ts";
import { effectiveUser } from "../system/users.ts";
import { BUILT, NAME, type Variables } from "./place.ts";
import { distrust, startProblem } from "./trust.ts";

const MODE = 0o755;

/**
 * Writes the carried library into a private directory. A user who could write there could make every command run their
 * code. The file's name contains a hash, so that a copy of another version is never taken for this one.
 *
 * @returns The file's path. The file is complete, executable, and not writable by others.
 */
export function unpackLibrary(variable: Variables): string {
  const hash = fs.readFileSync(`${BUILT}.sha256`, "utf8");
  let problem = "";
  for (const directory of cacheDirectories(variable)) {
    try {
      return unpackInto(directory, hash);
    } catch (error) {
      problem ||= `${directory}: ${reason(error)}`;
    }
  }
  throw new LibraryError(`library ${NAME}: cannot be unpacked: ${problem}: put it beside the program or use --lib`);
}

function cacheDirectories(variable: Variables): string[] {
  const cache = variable("XDG_CACHE_HOME");
  const home = variable("HOME");
  const runtime = variable("XDG_RUNTIME_DIR");
  const directories: string[] = [];
  if (cache?.startsWith("/")) directories.push(`${cache}/unsock`);
  else if (home?.startsWith("/")) directories.push(`${home}/.cache/unsock`);
  // For a home directory that is read-only or does not exist.
  if (runtime?.startsWith("/")) directories.push(`${runtime}/unsock-lib`);
  directories.push(`/var/tmp/unsock-${effectiveUser()}`, `/tmp/unsock-lib-${effectiveUser()}`);
  return directories;
}

function unpackInto(directory: string, hash: string): string {
  if (!fs.existsSync(directory)) makeDirectory(directory);
  const status = fs.lstatSync(directory);
  if (!status.isDirectory() || status.uid !== effectiveUser() || (status.mode & 0o077) !== 0) {
    throw new Error("not a private directory (owned by you, mode 0700)");
  }
  const why = distrust(directory);
  if (why !== undefined) throw new Error(why);
  const file = `${directory}/libunsock-${hash.slice(0, 16)}.so`;
  // The directory is private, so no other user can have made this file.
  const carried = fs.readFileSync(BUILT);
  const isThere = isWhole(file, carried);
  if (!isThere) {
    write(file, carried);
    if (!isWhole(file, carried)) throw new Error("the written copy differs");
  }
  const problem = startProblem(file);
  if (problem === undefined) return file;
  if (!isThere) fs.unlinkSync(file);
  throw new Error(problem);
}

function makeDirectory(directory: string): void {
  fs.mkdirSync(dirname(directory), { recursive: true });
  try {
    fs.mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
}

function isWhole(file: string, bytes: Uint8Array): boolean {
  return lstatOrUndefined(file)?.isFile() === true && fs.readFileSync(file).equals(bytes);
}

/** Writes the file, unless it is complete: another process may be about to open it. Removes a file that differs. */
function write(file: string, bytes: Uint8Array): void {
  if (lstatOrUndefined(file) !== undefined && !isWhole(file, bytes)) fs.rmSync(file, { force: true });
  try {
    createWhole(file, bytes, MODE);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
}
