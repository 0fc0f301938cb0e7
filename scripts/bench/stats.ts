/** Summarizes repeated measurements by median and quartiles, so that one bad measurement changes little. */

/** A median and the quartiles around it: half of all values are between `low` and `high`. */
export interface Spread {
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

/**
 * Returns the value below which the given part of the values lies. Interpolates between two values.
 *
 * @param values At least one, in any order.
 * @param part From 0 (the least) to 1 (the greatest).
 */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * part;
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) throw new Error("nothing was measured");
  return below + (above - below) * (position - Math.floor(position));
}

export function spread(values: readonly number[]): Spread {
  return { low: quantile(values, 0.25), median: quantile(values, 0.5), high: quantile(values, 0.75) };
}

/**
 * Compares round by round, since a disturbance affects both sides of a round.
 *
 * @param values One for each round.
 * @param bases The values to compare with, one for each round.
 * @returns The spread of the quotients.
 */
export function ratio(values: readonly number[], bases: readonly number[]): Spread {
  return spread(values.slice(0, bases.length).map((value, index) => value / (bases[index] ?? NaN)));
}

/** @returns The spread of the differences, round by round. */
export function difference(values: readonly number[], bases: readonly number[]): Spread {
  return spread(values.slice(0, bases.length).map((value, index) => value - (bases[index] ?? NaN)));
}
