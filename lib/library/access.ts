/** Checks whether users may access a file. */
import * as path from "@std/path/posix";
import type { Library } from "./query.ts";
import { statOrUndefined } from "../system/files.ts";
import { runProgram } from "../system/runtime.ts";
import { effectiveUser, findUser } from "../system/users.ts";

const READ = 4;
const FLAGS = [[READ, "-r"], [2, "-w"], [1, "-x"]] as const;
const NOBODY = 65534;
const PROGRAMS = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };

/**
 * True if this user may access a file. The library asks the kernel, which knows groups and access lists.
 *
 * @param file A path; links are followed.
 * @param rights A sum of `fs.constants`: `R_OK` 4, `W_OK` 2, `X_OK` 1. (Deno's own `accessSync` knows neither
 *   supplementary groups nor access lists.)
 */
export function mayAccess(library: Library, file: string, rights: number): boolean {
  return library.ask({ word: `may=${rights}:${file}`, read: (answer) => answer.number("errno") === 0 });
}

/** True if every user may read the file, by the modes of the file and of the directories above it. */
export function isForEverybody(file: string): boolean {
  const mayEnter = (directory: string): boolean =>
    ((statOrUndefined(directory)?.mode ?? 0) & 1) !== 0 && (directory === "/" || mayEnter(path.dirname(directory)));
  return ((statOrUndefined(file)?.mode ?? 0) & READ) !== 0 && mayEnter(path.dirname(file));
}

/**
 * Runs test(1) with a user's rights (by setpriv(1)), which only root can do.
 *
 * @param user The name or number, or undefined for a user with no rights of its own.
 * @param group A group's number, or undefined for the user's own group.
 * @returns Whether the user has these rights, or undefined if this cannot be tried.
 */
export function userMayAccess(
  user: string | undefined,
  group: number | undefined,
  file: string,
  rights: number,
): boolean | undefined {
  const found = user === undefined ? { uid: NOBODY, gid: NOBODY, isListed: false } : findUser(user);
  if (found === undefined || effectiveUser() !== 0) return undefined;
  const groups = found.isListed ? "--init-groups" : "--clear-groups";
  const test = FLAGS.filter(([bit]) => (rights & bit) !== 0).flatMap(([, flag]) => ["-a", flag, file]).slice(1);
  const words = [`--reuid=${found.uid}`, `--regid=${group ?? found.gid}`, groups, "test", ...test];
  try {
    const { code, stderr } = runProgram("/usr/bin/setpriv", words, PROGRAMS);
    return stderr === "" ? code === 0 : undefined;
  } catch {
    return undefined; // util-linux is not installed
  }
}
