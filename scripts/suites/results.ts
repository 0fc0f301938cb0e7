/** Results of other projects' tests, and those that differ between unsock and TCP. */

/** `unfinished`: it was begun, and the program hung or died in it. */
export type Status = "pass" | "fail" | "skip" | "unfinished";

/** By the test's name. A test that is missing did not run. */
export type Results = ReadonlyMap<string, Status>;

export interface Compared {
  /** How many passed over TCP. */
  readonly passed: number;
  /** How many more there are, which fail or are skipped over TCP already: they tell nothing. */
  readonly others: number;
  /** Those that pass over TCP each time and under unsock not once. */
  readonly differ: readonly string[];
  /** Those that the second round did not confirm: they fail now and then, here or there. */
  readonly unsteady: readonly string[];
}

/**
 * @param tcp The tests' results over TCP.
 * @param unsock Their results under unsock.
 * @returns The tests that pass over TCP and not under unsock: also those that are skipped there, or did not run.
 */
export function suspects(tcp: Results, unsock: Results): string[] {
  return [...tcp].filter(([name, status]) => status === "pass" && unsock.get(name) !== "pass").map(([name]) => name);
}

/**
 * @param tcp The first round, over TCP.
 * @param suspected The tests that differed in the first round.
 * @param again The second round of those, over TCP and under unsock.
 * @returns The comparison of all tests.
 */
export function compare(
  tcp: Results,
  suspected: readonly string[],
  again: { tcp: Results; unsock: Results },
): Compared {
  const confirmed = new Set(suspects(again.tcp, again.unsock));
  const passed = [...tcp.values()].filter((status) => status === "pass").length;
  return {
    passed,
    others: tcp.size - passed,
    differ: suspected.filter((name) => confirmed.has(name)),
    unsteady: suspected.filter((name) => !confirmed.has(name)),
  };
}

/**
 * @param expected The results over TCP.
 * @param sofar The results here so far.
 * @returns Those that have not even been begun, as the program ended before.
 */
export function notRun(expected: Results, sofar: Results): string[] {
  return [...expected].filter(([name, status]) => status !== "skip" && !sofar.has(name)).map(([name]) => name);
}
