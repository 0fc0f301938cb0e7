/** Finds the known word that is closest to a misspelt one. */
import { levenshteinDistance } from "@std/text/levenshtein-distance";

/**
 * Returns how many letters to insert, remove, replace, or swap with the next letter. `levenshteinDistance` counts each
 * swap of two letters as two slips. Swaps are the most frequent slips, so this function counts one swap as one slip.
 */
function slipsBetween(word: string, candidate: string): number {
  const swapped = Array.from(word.slice(1), (letter, at) => word.slice(0, at) + letter + word[at] + word.slice(at + 2));
  return Math.min(
    levenshteinDistance(word, candidate),
    ...swapped.map((other) => 1 + levenshteinDistance(other, candidate)),
  );
}

/**
 * @param word The word as written. A single dash at its start counts as two dashes.
 * @returns The first candidate that begins with `word`, else the nearest one that differs in few letters, else
 *   undefined.
 */
function nearest(word: string, candidates: readonly string[]): string | undefined {
  const letters = word.replace(/^-+/, "");
  const hasOneDash = word.length === letters.length + 1;
  if (letters.length < (hasOneDash ? 1 : 2)) return undefined;
  const begin = hasOneDash ? `-${word}` : word;
  const begun = candidates.find((candidate) => candidate.startsWith(begin));
  if (begun !== undefined) return begun;
  const most = Math.max(1, Math.floor(letters.length / 3));
  const ranked = candidates.filter(({ length }) => Math.abs(length - word.length) <= most)
    .map((candidate) => ({ candidate, slips: slipsBetween(word, candidate) }));
  return ranked.filter(({ slips }) => slips <= most).toSorted((a, b) => a.slips - b.slips)[0]?.candidate;
}

/**
 * @param otherwise The advice if no candidate is near.
 * @returns The end of a message about an unknown word.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(didYouMean("ptah", ["path", "prune"], "see --help"), ": did you mean path?");
 * assertEquals(didYouMean("word", ["path", "prune"], "see --help"), ": see --help");
 * ```
 */
export function didYouMean(word: string, candidates: readonly string[], otherwise: string): string {
  const meant = nearest(word, candidates);
  return meant === undefined ? `: ${otherwise}` : `: did you mean ${meant}?`;
}
