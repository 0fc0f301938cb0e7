/** Compares kernel versions, as uname(2) returns them. */

/** @returns Whether one kernel's version is lower than another's. */
export function isBefore(release: string, other: string): boolean {
  const [a, b] = [release, other].map((text) => text.split(/[.-]/, 2).map(Number));
  const [majors, minors] = [0, 1].map((i) => (a?.[i] ?? 0) - (b?.[i] ?? 0));
  return majors !== 0 ? (majors ?? 0) < 0 : (minors ?? 0) < 0;
}
