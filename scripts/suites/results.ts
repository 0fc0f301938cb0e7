/** Compares the results of other projects' tests over TCP and under unsock. */

/** `unfinished`: the test was begun, and the program hung or died in it. */
export type Status = "pass" | "fail" | "skip" | "unfinished";

/** The statuses, by the tests' names. A missing test did not run. */
export type Results = ReadonlyMap<string, Status>;

export interface Compared {
  readonly passed: number;
  /** The number of tests that do not pass over TCP. Such a test shows nothing about unsock. */
  readonly others: number;
  /** The tests that pass over TCP in each round, and under unsock in none. */
  readonly differ: readonly string[];
  /** The tests that differed only in the first round: they fail now and then, over TCP or under unsock. */
  readonly unsteady: readonly string[];
}

/**
 * @param tcp The tests' results over TCP.
 * @param unsock Their results under unsock.
 * @returns The tests that pass over TCP and not under unsock, also those that are skipped or did not run under unsock.
 */
export function suspects(tcp: Results, unsock: Results): string[] {
  return [...tcp].filter(([name, status]) => status === "pass" && unsock.get(name) !== "pass").map(([name]) => name);
}

/**
 * @param tcp The first round, over TCP.
 * @param suspected The tests that differed in the first round.
 * @param again The second round of these tests, over TCP and under unsock.
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

/** Returns the tests of `expected`, without skipped ones, that the program has not begun before its end. */
export function notRun(expected: Results, sofar: Results): string[] {
  return [...expected].filter(([name, status]) => status !== "skip" && !sofar.has(name)).map(([name]) => name);
}
