/** Questions about files that may not be there. */
import * as fs from "node:fs";

/**
 * @param file A path; links are followed.
 * @returns What `stat` says; undefined when it cannot say anything: nothing is there, or it is not to be reached.
 */
export function statOrUndefined(file: string): fs.Stats | undefined {
  return orUndefined(() => fs.statSync(file));
}

/** @returns The same of the path itself: a link is not followed. */
export function lstatOrUndefined(file: string): fs.Stats | undefined {
  return orUndefined(() => fs.lstatSync(file));
}

/** @returns What the link says; undefined when it is none, or cannot be read. */
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

/** @returns Whether this user may do this with the file: a sum of `fs.constants`. */
export function mayAccess(file: string, rights: number): boolean {
  return orUndefined(() => (fs.accessSync(file, rights), true)) ?? false;
}

/** Swallows every error: it says that the file cannot be used, and all callers treat a file that is missing in the same way. */
function orUndefined<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}
