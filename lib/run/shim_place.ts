/** What finding the library and unpacking it have in common. */
import * as fs from "node:fs";
import process from "node:process";
import { mayAccess, statOrUndefined } from "../system/files.ts";
import { reason } from "../system/errors.ts";
import { parentOf, strangersHand } from "./trusted_file.ts";

export const NAME = "libunsock.so";

/** The source tree; in a compiled binary, what it carries; in the npm package, its directory. */
export const ROOT = parentOf(parentOf(import.meta.dirname ?? "/"));

/** Where this source tree puts what it builds; in a compiled binary, what it carries. */
export const BUILT = `${ROOT}/build/${NAME}`;

/** An environment: a variable that is empty is as good as unset. */
export type Variables = (name: string) => string | undefined;

/** @returns This process's effective user, who counts for trust. */
export function effectiveUser(): number {
  return process.geteuid?.() ?? -1;
}

/** @returns Why it must not be loaded, or undefined: nobody but root and the user could have written it. */
export function distrust(file: string): string | undefined {
  try {
    return strangersHand(file, effectiveUser());
  } catch (error) {
    return reason(error);
  }
}

/** @returns Why the kernel would neither execute nor map the file; undefined: it does. */
export function startProblem(file: string): string | undefined {
  if (mayAccess(file, fs.constants.X_OK)) return undefined;
  // The kernel says the same of a file system without rights to execute (access(2)), and nothing else of the file is asked.
  const isExecutable = ((statOrUndefined(file)?.mode ?? 0) & 0o111) !== 0;
  return isExecutable
    ? "its file system is mounted noexec: use --lib with a copy elsewhere"
    : `not executable: chmod +x ${file}`;
}
