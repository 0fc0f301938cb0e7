/** Finds the known word that is closest to a misspelt one. Pure. */

/** @returns How many letters to insert, remove, replace or swap with the next one (optimal string alignment). */
function distance(a: string, b: string): number {
  let [before, last]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= a.length; row++) {
    const next = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1] ? 0 : 1;
      const ways = [(last[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1, (last[column - 1] ?? 0) + same];
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (row > 1 && column > 1 && swapped) ways.push((before[column - 2] ?? 0) + 1);
      next.push(Math.min(...ways));
    }
    [before, last] = [last, next];
  }
  return last.at(-1) ?? 0;
}

/**
 * @param word The word as written. One dash stands for the two of an option.
 * @param candidates The known words.
 * @returns The candidate that begins with `word`, or differs from it in few letters; undefined: none.
 */
function nearest(word: string, candidates: readonly string[]): string | undefined {
  const letters = word.replace(/^-+/, "");
  const hasOneDash = word.length === letters.length + 1;
  if (letters.length < (hasOneDash ? 1 : 2)) return undefined;
  const begin = hasOneDash ? `-${word}` : word;
  const begun = candidates.find((candidate) => candidate.startsWith(begin));
  if (begun !== undefined) return begun;
  const most = Math.max(1, Math.floor(letters.length / 3));
  const ranked = candidates.map((candidate) => ({ candidate, slips: distance(word, candidate) }));
  return ranked.filter(({ slips }) => slips <= most).toSorted((a, b) => a.slips - b.slips)[0]?.candidate;
}

/**
 * @param otherwise The next step if no candidate is near.
 * @returns The end of a message about an unknown word.
 */
export function didYouMean(word: string, candidates: readonly string[], otherwise: string): string {
  const meant = nearest(word, candidates);
  return meant === undefined ? `: ${otherwise}` : `: did you mean ${meant}?`;
}
