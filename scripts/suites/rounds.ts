/** Runs a part of a suite over TCP and under unsock, and the differing tests once more. */
import { join } from "@std/path/posix";
import { addCounters, type Counters, NO_COUNTERS, type Ran, runInside } from "./namespace.ts";
import { compare, type Compared, notRun, type Results, type Status, suspects } from "./results.ts";
import type { Part } from "./suite.ts";

/** How often a part is started at most: if a test hangs or ends the program, a new process runs the remaining tests. */
const MOST_RESUMED = 8;

export interface PartResult extends Compared {
  readonly name: string;
  readonly seconds: number;
  readonly tcp: Counters;
  readonly unsock: Counters;
  readonly wrong: readonly string[];
}

interface Whole {
  readonly results: Results;
  readonly counters: Counters;
  readonly timedOut: boolean;
}

/**
 * @param part The part to run.
 * @param library The library's path.
 * @param logs An absolute path. The output of all rounds goes to the files at this path with `.tcp` and `.unsock`
 *   appended.
 * @returns The part's results over TCP and under unsock.
 */
export async function comparePart(part: Part, library: string, logs: string): Promise<PartResult> {
  const begun = performance.now();
  const runWhole = (under: boolean, only?: readonly string[], expected: Results = new Map()) =>
    runAll(part, { library: under ? library : undefined, log: `${logs}.${under ? "unsock" : "tcp"}`, only }, expected);
  for (const end of ["tcp", "unsock"]) await Deno.writeTextFile(`${logs}.${end}`, "");
  const tcp = await runWhole(false);
  const unsock = await runWhole(true, undefined, tcp.results);
  const suspected = suspects(tcp.results, unsock.results);
  const again = suspected.length === 0 ? undefined : {
    tcp: (await runWhole(false, suspected)).results,
    unsock: (await runWhole(true, suspected, new Map(suspected.map((name) => [name, "pass"])))).results,
  };
  return {
    name: part.name,
    seconds: Math.round((performance.now() - begun) / 1000),
    tcp: tcp.counters,
    unsock: unsock.counters,
    wrong: tcp.timedOut ? [`over TCP it did not end within ${part.seconds} s`] : [],
    ...compare(tcp.results, suspected, again ?? { tcp: new Map(), unsock: new Map() }),
  };
}

/** The library if it is used, the chosen tests, and the log of the output. */
interface How {
  readonly library?: string;
  readonly only?: readonly string[];
  readonly log: string;
}

/**
 * Runs a part, or some of its tests. If the program ends before all of `expected` began, runs the tests that have not
 * begun.
 */
async function runAll(part: Part, how: How, expected: Results): Promise<Whole> {
  const results = new Map<string, Status>();
  let counters = NO_COUNTERS;
  let timedOut = false;
  let only = how.only;
  for (let round = 0; round < MOST_RESUMED; round++) {
    const before = results.size;
    const ran = await runOnce(part, { ...how, only });
    counters = addCounters(counters, ran.counters);
    timedOut ||= ran.timedOut;
    for (const [name, status] of part.read(ran.output)) results.set(name, status);
    only = notRun(expected, results);
    if (!part.chooses || only.length === 0 || results.size === before) break;
  }
  return { results, counters, timedOut };
}

async function runOnce(part: Part, { library, only, log }: How): Promise<Ran> {
  const scratch = await Deno.makeTempDir({ dir: "/tmp", prefix: "s" });
  try {
    const place = { scratch, only: part.chooses ? only : undefined };
    const { cwd, env = {}, seconds, asUser, trapped } = part;
    const ran = await runInside({ command: part.command(place), cwd, env, seconds, asUser, trapped, place, library });
    await Deno.writeFile(log, await Deno.readFile(join(scratch, "output")), { append: true });
    return ran;
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}
