/** Whether the library goes along when a command changes to another user. */
import * as path from "@std/path/posix";
import type { System } from "../system/linux.ts";

const MAY_READ = 0o004;
const MAY_SEARCH = 0o001;

/** They execute the rest of their command line as another user, with the environment that they have. */
const USER_CHANGERS: ReadonlySet<string> = new Set([
  "chpst",
  "gosu",
  "runuser",
  "s6-setuidgid",
  "setpriv",
  "setuidgid",
  "start-stop-daemon",
  "su",
  "su-exec",
]);

/** @returns Whether all users may read `file`, and search every directory above it. Lists of access rights do not count. */
export function isForEveryone(file: string, system: System): boolean {
  return mayAll(file, MAY_READ, system) && directoriesAbove(file).every((one) => mayAll(one, MAY_SEARCH, system));
}

function mayAll(file: string, right: number, system: System): boolean {
  try {
    return (system.stat(file).mode & right) !== 0;
  } catch {
    return false;
  }
}

function directoriesAbove(file: string): string[] {
  const parent = path.dirname(file);
  return parent === file ? [] : [parent, ...directoriesAbove(parent)];
}

/**
 * The dynamic linker complains about a library that it may not read, and starts the program all the same: on the network.
 *
 * @param program The absolute path of what is about to be executed.
 * @param library The absolute path of the library, without symbolic links.
 * @returns Whether the programs that it executes as another user would be without the library.
 */
export function losesLibrary(program: string, library: string, system: System): boolean {
  return system.euid === 0 && USER_CHANGERS.has(path.basename(program)) && !isForEveryone(library, system);
}
