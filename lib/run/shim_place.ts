/** Helpers to find the library and to unpack it. */
import * as fs from "node:fs";
import { readText, statOrUndefined } from "../system/files.ts";
import { reason } from "../system/errors.ts";
import { effectiveUser } from "../system/users.ts";
import { parentOf, strangersHand } from "./trusted_file.ts";

export const NAME = "libunsock.so";

/** The source tree; in a compiled binary, its embedded files; in the npm package, its directory. */
export const ROOT = parentOf(parentOf(import.meta.dirname ?? "/"));

/** The library built in this source tree; in a compiled binary, the embedded one. */
export const BUILT = `${ROOT}/build/${NAME}`;

/** Looks up an environment variable; an empty one counts as unset. */
export type Variables = (name: string) => string | undefined;

/** @returns Why the file must not be loaded; undefined: only root and the user could have written it. */
export function distrust(file: string): string | undefined {
  try {
    return strangersHand(file, effectiveUser());
  } catch (error) {
    return reason(error);
  }
}

/** @returns Why the kernel would neither execute nor map the file; undefined: it does. */
export function startProblem(file: string): string | undefined {
  if (((statOrUndefined(file)?.mode ?? 0) & 0o111) === 0) return `not executable: chmod +x ${file}`;
  return isNoexec(file) ? "its file system is mounted noexec: use --lib with a copy elsewhere" : undefined;
}

/**
 * True if the file's mount forbids execution, by /proc/self/mountinfo (proc(5)): Deno's access(2) checks only mode bits.
 * Without /proc it returns false, and execve(2) fails later.
 */
function isNoexec(file: string): boolean {
  const real = fs.realpathSync(file);
  let [longest, found] = ["", false];
  for (const line of (readText("/proc/self/mountinfo") ?? "").split("\n")) {
    const [, , , , text = "", options = ""] = line.split(" ");
    const point = text.includes("\\") ? unescape(text) : text;
    const isAbove = point === "/" || real === point || real.startsWith(`${point}/`);
    // A later mount on the same directory hides the earlier one.
    if (isAbove && point.length >= longest.length) [longest, found] = [point, options.split(",").includes("noexec")];
  }
  return found;
}

/** Decodes a path as /proc writes it: `\\040` is a space. A function of its own, as `run` seldom needs to compile it. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}
