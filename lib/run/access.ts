/** Checks through the library whether this user may access a file, by the kernel's rules for groups and access lists. */
import type { Library } from "../library/query.ts";

/**
 * @param file A path; links are followed.
 * @param rights A sum of `fs.constants`: `R_OK` 4, `W_OK` 2, `X_OK` 1. (Deno's own `accessSync` knows neither supplementary groups
 *   nor access lists.)
 */
export function mayAccess(library: Library, file: string, rights: number): boolean {
  return library.ask({ word: `may=.::${rights}:${file}`, read: (answer) => answer.number("errno") === 0 });
}
