/** Questions about files that may not be there. */

/**
 * @param file A path; links are followed.
 * @returns What `stat` says; undefined when it cannot say anything: nothing is there, or it is not to be reached.
 */
export function statOrUndefined(file: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(file);
  } catch {
    return undefined;
  }
}

/** @returns The same of the path itself: a link is not followed. */
export function lstatOrUndefined(file: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(file);
  } catch {
    return undefined;
  }
}

/** @returns What the link says; undefined when it is none, or cannot be read. */
export function linkTarget(file: string): string | undefined {
  try {
    return Deno.readLinkSync(file);
  } catch {
    return undefined;
  }
}
