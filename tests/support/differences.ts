/** Compares a probe's output over the kernel's TCP and UDP with its output under the library. */

/** A line that is known to differ. */
export interface Difference {
  /** The exact line under the library. */
  readonly instead: string;
  /** Why it differs from TCP or UDP. */
  readonly why: string;
}

/** The known differences, by the name of the line as `differences` prints it. */
export type Differences = Readonly<Record<string, Difference>>;

const NOTHING = "(no such line)";

/** Returns the values by name. Numbers a name that is printed again. */
function byName(facts: readonly string[]): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of facts) {
    const end = line.lastIndexOf(": ");
    const name = line.slice(0, end);
    let key = name;
    for (let again = 2; values.has(key); again++) key = `${name} (${again})`;
    values.set(key, line.slice(end + 2));
  }
  return values;
}

/**
 * Lists faults of two runs: lines that differ, and known differences that no longer exist, so that `known` must
 * shrink.
 *
 * @param expected The lines of the run over TCP and UDP.
 * @param actual The lines of the run under the library.
 * @param known The lines that cannot be equal.
 * @returns One text for each fault.
 */
export function differences(expected: readonly string[], actual: readonly string[], known: Differences = {}): string[] {
  const [before, after] = [byName(expected), byName(actual)];
  const found: string[] = [];
  for (const key of new Set([...before.keys(), ...after.keys(), ...Object.keys(known)])) {
    const was = before.get(key) ?? NOTHING;
    const is = after.get(key) ?? NOTHING;
    const difference = known[key];
    if (difference === undefined) {
      if (is !== was) found.push(`${key}: expected ${was}, got ${is}`);
    } else if (!before.has(key) && !after.has(key)) {
      found.push(`${key}: neither run prints it: take it out of the list`);
    } else if (is === was) {
      found.push(`${key}: no longer differs, both print ${is}: take it out of the list`);
    } else if (is !== difference.instead) {
      found.push(`${key}: expected ${difference.instead} (TCP and UDP: ${was}), got ${is}`);
    }
  }
  return found;
}
