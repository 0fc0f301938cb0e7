/** Reads and writes the results of the suites (`docs/suites.json`), and makes the page of them. */
import type { Known } from "./known.ts";
import { isKnown } from "./known.ts";
import type { Counters } from "./namespace.ts";
import type { Suite } from "./suite.ts";

export interface SuiteRun {
  readonly name: string;
  readonly version: string;
  readonly parts: readonly string[];
  readonly passed: number;
  /** The number of tests that fail, are skipped, or do not end over TCP. */
  readonly others: number;
  /** The tests that pass over TCP and not under unsock, in both rounds. */
  readonly differ: readonly string[];
  /** The tests that differed in the first round alone. */
  readonly unsteady: readonly string[];
  readonly tcp: Counters;
  readonly unsock: Counters;
  /** Problems of the run itself. */
  readonly wrong: readonly string[];
}

export interface Machine {
  readonly kernel: string;
  readonly system: string;
  readonly date: string;
}

/** The result of one suite, with its machine, and the beginning of the library's SHA-256. */
export type Kept = SuiteRun & { readonly machine: Machine; readonly library?: string };

export function parseRuns(text: string): Kept[] {
  const list: unknown = JSON.parse(text);
  if (!Array.isArray(list)) throw new Error("suites.json: not a list");
  return list;
}

/** Replaces the suite's older run by `run`. Returns all runs in the order of the suites. */
export function mergeRuns(kept: readonly Kept[], run: Kept, suites: readonly { name: string }[]): Kept[] {
  const all = new Map([...kept, run].map((one) => [one.name, one]));
  return suites.map(({ name }) => all.get(name)).filter((one) => one !== undefined);
}

export async function describeMachine(): Promise<Machine> {
  const release = await Deno.readTextFile("/etc/os-release");
  return {
    kernel: (await Deno.readTextFile("/proc/sys/kernel/osrelease")).trim().replace(/-.*/, ""),
    system: /^PRETTY_NAME="?([^"\n]*)/m.exec(release)?.[1] ?? "Linux",
    date: new Date().toISOString().slice(0, 10),
  };
}

function number(value: number): string {
  return value.toLocaleString("en");
}

function row(cells: readonly (string | number)[]): string {
  return `| ${cells.map((cell) => typeof cell === "number" ? number(cell) : cell).join(" | ")} |`;
}

function unique(values: readonly string[]): string {
  return [...new Set(values)].join(", ");
}

/** Returns a line that names the build of the library under which each suite ran: an old result must not look new. */
function libraries(runs: readonly Kept[]): string[] {
  const names = Map.groupBy(runs, ({ library }) => library);
  const told = ([library, of]: [string | undefined, readonly Kept[]]) =>
    `${library === undefined ? "an earlier one" : `\`${library}…\``} (${of.map(({ name }) => name).join(", ")})`;
  if (names.size > 1) return [`Not all under one library: ${[...names].map(told).join("; ")}.`];
  const library = runs[0]?.library;
  return library === undefined ? [] : [`All under one library, of the SHA-256 \`${library}…\`.`];
}

export function makePage(runs: readonly Kept[], known: readonly Known[], suites: readonly Suite[]): string {
  const sum = (of: (run: Kept) => number) => runs.reduce((total, run) => total + of(run), 0);
  const passed = sum((run) => run.passed);
  const differ = sum((run) => run.differ.length);
  const machines = runs.map(({ machine }) => machine);
  const lines = [
    "# Does it really behave like TCP?",
    "",
    "Other projects have tests of their sockets and of what they build on them, written for TCP and UDP. `deno task test:suites` fetches",
    "these tests as Debian's sources (fastify's from npm's registry), and runs each suite twice, over the kernel's own TCP and under unsock. Each run has a network namespace of its",
    "own with nothing but a loopback in it. The task looks for tests that pass over TCP and do not pass under unsock: they fail, hang, are skipped, or do not",
    "run. It runs these tests a second time over both. A test counts as a difference if it passes over TCP both times, and under unsock neither time. Tests that",
    "do not pass over TCP show nothing, and are only counted. The task writes this page and [suites.json](suites.json).",
    "",
    `**${number(passed)} tests pass over TCP; all but ${number(differ)} of them pass under unsock.** ` +
    `${unique(machines.map(({ system }) => system))}, kernel ${unique(machines.map(({ kernel }) => kernel))}, ` +
    `${unique(machines.map(({ date }) => date).toSorted())}.`,
    ...libraries(runs),
    "",
    row(["suite", "pass over TCP", "of these, under unsock", "differ", "now and then", "fail or skipped over TCP"]),
    row(["---", "---:", "---:", "---:", "---:", "---:"]),
    ...runs.map((run) =>
      row([
        run.version,
        run.passed,
        run.passed - run.differ.length,
        run.differ.length,
        run.unsteady.length,
        run.others,
      ])
    ),
    row(["all", passed, passed - differ, differ, sum((run) => run.unsteady.length), sum((run) => run.others)]),
    "",
    "_Now and then_: the test failed under unsock in the first round, and in the second it passed there, or failed over TCP. The tests that were run:",
    "",
    ...runs.map((run) => `- ${run.name}: ${suites.find(({ name }) => name === run.name)?.about ?? ""}`),
    "",
    "## Nothing went over the network",
    "",
    "The kernel counts the connections and datagrams of TCP and UDP for each namespace (`/proc/net/snmp`). The table has its counts after the tests over TCP, and after the same tests under",
    "unsock. The counts that remain under unsock are of traffic that it does not redirect: to other addresses than the loopback's, to multicast, and of programs that a test starts without it.",
    "_Begun_ counts connections that were refused, too. Under unsock these are refused non-blocking connects: [the loopback device refuses them there as well](limits.md#streams).",
    "",
    row(["suite", "connections accepted, TCP", "unsock", "begun, TCP", "unsock", "datagrams, UDP", "unsock"]),
    row(["---", "---:", "---:", "---:", "---:", "---:", "---:"]),
    ...runs.map(({ name, tcp, unsock }) =>
      row([name, tcp.accepted, unsock.accepted, tcp.begun, unsock.begun, tcp.datagrams, unsock.datagrams])
    ),
    "",
    "## What differs",
    "",
    ...differences(runs, known),
    "nginx's own tests are not part of Debian's source, and were not run.",
  ];
  return `${lines.join("\n")}\n`;
}

/**
 * Returns the lines on tests that differ: first by their cause in `known.json`, then those without a cause there, last
 * the tests that fail now and then.
 */
function differences(runs: readonly Kept[], known: readonly Known[]): string[] {
  const lines = known.flatMap(({ why, tests }) => {
    const named = runs.flatMap(({ name, differ }) =>
      differ.filter((test) => tests[name]?.includes(test)).map((test) => `${name}: ${test}`)
    );
    return named.length === 0 ? [] : [`**${why}**`, "", ...named.map((test) => `- \`${test}\``), ""];
  });
  const others = runs.flatMap(({ name, differ }) =>
    differ.filter((test) => !isKnown(known, name, test)).map((test) => `- \`${name}: ${test}\``)
  );
  const unsteady = runs.flatMap((run) => run.unsteady.map((test) => `- \`${run.name}: ${test}\``));
  if (others.length > 0) lines.push("**Not explained yet**", "", ...others, "");
  if (unsteady.length > 0) lines.push("**Now and then**", "", ...unsteady, "");
  return lines.length === 0 ? ["Nothing.", ""] : lines;
}
