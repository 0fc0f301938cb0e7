/** Lines that cannot be as over TCP and UDP on kernels that lack something (docs/limits.md). */
import type { Differences } from "../support/differences.ts";

const LACKS: readonly { before: string; probes: Readonly<Record<string, Differences>> }[] = [];

/** @returns Whether one kernel's version is lower than another's. */
export function isBefore(release: string, other: string): boolean {
  const [a, b] = [release, other].map((text) => text.split(/[.-]/, 2).map(Number));
  const [majors, minors] = [0, 1].map((i) => (a?.[i] ?? 0) - (b?.[i] ?? 0));
  return majors !== 0 ? (majors ?? 0) < 0 : (minors ?? 0) < 0;
}

/**
 * @param release A kernel's version.
 * @param probe A probe's name.
 * @returns What the probe prints there instead.
 */
export function lackOf(release: string, probe: string): Differences {
  const lacks = LACKS.filter(({ before }) => isBefore(release, before));
  return Object.assign({}, ...lacks.map(({ probes }) => probes[probe] ?? {}));
}
