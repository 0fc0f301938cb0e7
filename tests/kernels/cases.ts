/** The cases for a kernel: each probe, through each door, as root and as an ordinary user; and their judgement. */
import { compareRuns, countTraffic, type ProbeOptions, type ProbeRun, registered } from "../support/probe.ts";
import { type Door, passage } from "../support/doors.ts";
import type { Differences } from "../support/differences.ts";
import { isBefore } from "../support/kernel.ts";
import { libraryEnv } from "../support/library.ts";
import { lackOf } from "./lacks.ts";
// They register the probes: those of other test files do not run on the kernels.
import "../probes/endings_test.ts";
import "../probes/processes_test.ts";
import "../probes/sockets_test.ts";
import "../trap/corners_test.ts";

/** Where the guest has the library. */
export const LIBRARY = "/usr/local/lib/libunsock.so";

/** An ordinary user, and root. */
export const USERS = { root: 0, user: 1000 } as const;
export type User = keyof typeof USERS;

/** A program that the guest runs once; the number tells whose output it is. */
export interface Run {
  readonly user: User;
  readonly env: Readonly<Record<string, string>>;
  readonly command: readonly string[];
}

/** A probe's two runs. */
export interface Case {
  readonly name: string;
  readonly probe: string;
  readonly door: Door;
  readonly options: ProbeOptions;
  readonly known: Differences;
  readonly plain: Run;
  readonly under: Run;
}

/** The guest's report of a run. */
export interface Outcome {
  readonly status: number;
  readonly lines: readonly string[];
  readonly counters: string;
  readonly left: readonly string[];
  readonly stderr: string;
}

/** @returns The first of these names that no probe of the files above has. */
export function unknownProbe(names: readonly string[]): string | undefined {
  return names.find((one) => !registered.some(({ name }) => name === one));
}

/** @returns The file name of a probe's program in the guest. */
export function programName(probe: string, door: Door): string {
  return door === "preload" ? probe : `${probe}-${door}`;
}

/**
 * @param doors By which the library reaches the probes.
 * @param users The users who run them.
 * @param machine Where.
 * @param only If given, the names of the probes.
 */
export function makeCases(
  doors: readonly Door[],
  users: readonly User[],
  machine: string,
  only?: readonly string[],
): Case[] {
  const cases: Case[] = [];
  for (const { name, options, doors: possible } of registered) {
    if (only && !only.includes(name)) continue;
    for (const door of doors.filter((one) => possible.includes(one))) {
      const way = passage(name, door, machine);
      if (way === undefined) continue;
      for (const user of users) cases.push(makeCase(name, door, options, way, user));
    }
  }
  return cases;
}

function makeCase(
  probe: string,
  door: Door,
  options: ProbeOptions,
  way: { args: readonly string[]; known: Differences },
  user: User,
): Case {
  const program = [`/probes/${programName(probe, door)}`, ...way.args];
  const { LD_PRELOAD: _, ...settings } = libraryEnv("{dir}", options.env);
  const under = door === "preload"
    ? { env: { ...settings, LD_PRELOAD: LIBRARY }, command: program }
    : { env: { UNSOCK_ENGINE: "trap", ...settings }, command: [LIBRARY, "run", "--", ...program] };
  const name = `${probe}, ${door === "preload" ? "preloaded" : `trapped, ${door}`}, ${user}`;
  const plain = { user, env: {}, command: program };
  return { name, probe, door, options, known: way.known, plain, under: { user, ...under } };
}

/**
 * Tells what is wrong with a case.
 *
 * @param release The kernel's own version.
 * @returns Undefined when nothing is.
 */
export function judge(one: Case, plain: Outcome | undefined, under: Outcome | undefined, release: string) {
  if (plain === undefined || under === undefined) return "the guest did not get to it";
  if (isBefore(release, one.options.since ?? "")) return undefined;
  for (const [what, run] of [["over TCP and UDP", plain], ["under the library", under]] as const) {
    if (run.status === 0) continue;
    const last = run.lines.slice(-3).join("\n  ");
    return `${what} it ended with ${run.status}: ${run.stderr}\nIts last facts:\n  ${last}`;
  }
  try {
    const known = { ...one.known, ...lackOf(release, one.probe, one.under.user) };
    compareRuns(asProbeRun(plain), asProbeRun(under), one.options, known);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function asProbeRun({ lines, left, counters }: Outcome): ProbeRun {
  return { facts: [...lines], left: [...left], ...countTraffic(counters) };
}
