/** What two or three processes do at once, by the letters of `operations.c`. */

export interface Scenario {
  /** The processes' operations, divided by "|". */
  readonly text: string;
  /** The directory's mode; 0o700 unless told. */
  readonly mode?: number;
  /** What is found, and stands in docs/limits.md. */
  readonly known?: RegExp;
}

const ALONE: readonly string[] = [
  "b127.0.0.1|b127.0.0.1",
  "b127.0.0.1|b0.0.0.0",
  "b127.0.0.1|b127.0.0.2",
  "b::|b127.0.0.1",
  "b::!|b0.0.0.0 c",
  "b127.0.0.1|b127.0.0.1|b127.0.0.1",
  "b127.0.0.1|b0.0.0.0|b127.0.0.2",
  "b127.0.0.1|b127.0.0.1 c|x127.0.0.1",
  "b127.0.0.1 / c|b127.0.0.1",
  "b127.0.0.1 / c|b127.0.0.2",
  "b127.0.0.1 / c|b0.0.0.0|x127.0.0.1",
  "b127.0.0.1 / c|b127.0.0.2 / c|b0.0.0.0",
  "b127.0.0.1 / c|b127.0.0.2|x127.0.0.2 x127.0.0.1",
  "b127.0.0.1 / c|b127.0.0.2 /|x127.0.0.2 x127.0.0.1",
  "b127.0.0.1 / c|b127.0.0.2 /|X",
  "b127.0.0.1 / e|b127.0.0.1|x127.0.0.1",
  "b127.0.0.1 f / c|b127.0.0.1|x127.0.0.1",
  "b127.0.0.1 f / e|b127.0.0.2|x127.0.0.1",
  "n127.0.0.1 / c|b127.0.0.1",
  "b127.0.0.1 k /|b127.0.0.1|b127.0.0.1",
  "b127.0.0.1 k /|b127.0.0.1|b0.0.0.0",
  "b127.0.0.1 k /|b127.0.0.2|x127.0.0.2",
  "b127.0.0.1 / c|r|b127.0.0.1",
  "b127.0.0.1 k /|r|b127.0.0.1",
  "b127.0.0.1 / c|m u|b127.0.0.1",
  "b127.0.0.1 / c|s|x127.0.0.1",
  "s / c|b127.0.0.1|b127.0.0.1 c",
  "d127.0.0.1|d127.0.0.1",
  "d127.0.0.1|d127.0.0.2",
  "d127.0.0.1|d0.0.0.0",
  "d127.0.0.1 / c|d127.0.0.1",
  "d127.0.0.1 / c|d127.0.0.2|y127.0.0.2",
  "d127.0.0.1 k /|d127.0.0.1|d0.0.0.0",
  "d127.0.0.1 / c|r|d127.0.0.1",
  "b127.0.0.1 / c|d127.0.0.1 / c|x127.0.0.1 y127.0.0.1",
];

/** Sockets with SO_REUSEPORT. */
const SHARED: readonly string[] = [
  "b127.0.0.1+|b127.0.0.1+",
  "b127.0.0.1+|b127.0.0.1+ c",
  "b127.0.0.1+ / c|b127.0.0.1+|x127.0.0.1",
  "b0.0.0.0+ / c|b0.0.0.0+ /|x127.0.0.1 x127.0.0.1",
  "b0.0.0.0+ / c|b127.0.0.1|x127.0.0.1",
  "b127.0.0.1+ k /|b127.0.0.1+ / c|x127.0.0.1",
];

/** In a directory that everybody may write to: who removes what is another's finds that he may not. */
const OF_TWO_USERS: readonly string[] = [
  "U b127.0.0.1 / c|b127.0.0.1",
  "b127.0.0.1 / c|U b127.0.0.1",
  "U b127.0.0.1 / c|b127.0.0.2 c",
  "U b127.0.0.1+ / c|b127.0.0.1+ c|x127.0.0.1",
];

export const SCENARIOS: readonly Scenario[] = [
  ...[...ALONE, ...SHARED].map((text) => ({ text })),
  ...OF_TWO_USERS.map((text) => ({ text, mode: 0o1777 })),
];
