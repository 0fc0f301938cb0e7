/** Reads files that may be missing, and makes files atomically. */
import * as fs from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { codeOf } from "./errors.ts";

/** @returns The result of `stat`, which follows links; undefined if it fails. */
export function statOrUndefined(file: string): fs.Stats | undefined {
  return orUndefined(() => fs.statSync(file, { throwIfNoEntry: false })); // an exception would be slower
}

/** @returns The path if it exists, else its nearest parent that exists. */
export function existingAbove(file: string): string {
  return file === "/" || statOrUndefined(file) !== undefined ? file : existingAbove(dirname(file));
}

/** True if both paths name the same file or directory. */
export function isSameFile(one: string, other: string): boolean {
  const [a, b] = [statOrUndefined(one), statOrUndefined(other)];
  return one === other || (a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino);
}

/** @returns The result of `lstat`, which does not follow a link; undefined if it fails. */
export function lstatOrUndefined(file: string): fs.Stats | undefined {
  return orUndefined(() => fs.lstatSync(file, { throwIfNoEntry: false }));
}

/** @returns The link's target; undefined when it is no link, or cannot be read. */
export function linkTarget(file: string): string | undefined {
  return orUndefined(() => fs.readlinkSync(file));
}

/** @returns The whole file as text; undefined when it cannot be read. */
export function readText(file: string): string | undefined {
  return orUndefined(() => fs.readFileSync(file, "utf8"));
}

/** @returns Names in a directory; none when it cannot be read. */
export function listNames(directory: string): string[] {
  return orUndefined(() => fs.readdirSync(directory)) ?? [];
}

/** @returns The result of `ask`, or undefined if it throws. Exceptions that show a bug of this program pass through. */
export function orUndefined<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch (error) {
    // A bug throws one of these classes without a code. Other errors of the runtime have a code or another class.
    if (codeOf(error) === undefined && (error instanceof TypeError || error instanceof ReferenceError)) throw error;
    return undefined;
  }
}

/**
 * Makes a file atomically, and never replaces an existing one: writes a temporary file in the same directory, and then
 * links it to the file's name (link(2)). A killed process leaves the temporary file, `.unsock-` and 16 digits of
 * base 16, which `unsock prune` removes.
 *
 * @param file The path of the file.
 * @param mode The file's mode, whatever the umask is.
 * @throws {Error} With a `code`: `EEXIST` if the file exists.
 */
export function createWhole(file: string, bytes: Uint8Array, mode: number): void {
  const [random = 0n] = crypto.getRandomValues(new BigUint64Array(1)); // node:crypto would load slowly
  const part = `${file.slice(0, file.lastIndexOf("/") + 1)}.unsock-${random.toString(16).padStart(16, "0")}`;
  // Without a handler, SIGXFSZ would end this process if a write of the runtime exceeds RLIMIT_FSIZE, here or later.
  process.on("SIGXFSZ", () => {});
  const fd = fs.openSync(part, "wx", 0o600);
  try {
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(fs.writeSync(fd, rest));
    fs.fchmodSync(fd, mode);
    fs.linkSync(part, file);
  } finally {
    fs.closeSync(fd);
    fs.unlinkSync(part);
  }
}
