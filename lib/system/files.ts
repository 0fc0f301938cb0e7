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
