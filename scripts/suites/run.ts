/** Runs one suite: fetches it, builds it, and runs its parts one after another. */
import { join } from "@std/path/posix";
import { statOrUndefined } from "../../lib/system/files.ts";
import { Archive } from "../../tests/kernels/archive.ts";
import { run } from "../../tests/support/process.ts";
import { findProgram } from "../../tests/support/programs.ts";
import { interrupted } from "../interruption.ts";
import { endProgress, showProgress } from "../progress.ts";
import { addCounters, NO_COUNTERS } from "./namespace.ts";
import type { SuiteRun } from "./suites_page.ts";
import { comparePart, type PartResult } from "./rounds.ts";
import type { Suite } from "./suite.ts";

/** The Debian release whose sources are taken. The machine runs this release, too, so that programs and tests fit. */
const RELEASE = "trixie";
const BUILD_MS = 1_200_000;

export interface Where {
  /** The absolute directory that sources are kept in. */
  readonly cache: string;
  readonly library: string;
  readonly parts?: readonly string[];
}

/**
 * @returns The suite's result. If an error ends the suite, `wrong` has the error, and only the parts before it have
 *   results.
 */
export async function runSuite(suite: Suite, { cache, library, parts }: Where): Promise<SuiteRun> {
  const results: PartResult[] = [];
  const wrong: string[] = [];
  let version = "not run";
  try {
    const missing = suite.programs.filter((name) => findProgram(name) === undefined);
    if (missing.length > 0) throw new Error(`not installed: ${missing.join(", ")}`);
    const tree = await fetchSource(suite, cache);
    const work = join(cache, `${suite.name}.work`);
    await Deno.mkdir(work, { recursive: true });
    showProgress(`${suite.name}: is built`);
    version = await firstLine(suite.version, tree ?? work);
    for (const part of await suite.prepare(tree ?? work, work, succeed)) {
      if (parts !== undefined && !parts.includes(part.name)) continue;
      showProgress(`${suite.name}: ${part.name}`);
      const result = await comparePart(part, library, join(work, `${part.name.replaceAll("/", "-")}.log`));
      endProgress();
      const { passed, differ, unsteady, seconds } = result;
      const more = unsteady.length === 0 ? "" : `, ${unsteady.length} now and then`;
      console.log(
        `${suite.name}: ${part.name}: ${passed} pass over TCP, ${differ.length} differ${more} (${seconds} s)`,
      );
      results.push(result);
    }
  } catch (error) {
    if (interrupted.aborted) throw error;
    wrong.push(error instanceof Error ? error.message : `${error}`);
  } finally {
    endProgress();
  }
  const sum = summarize(suite.name, version, results, wrong);
  const tooFew = parts === undefined && sum.passed < suite.least;
  return tooFew ? { ...sum, wrong: [...sum.wrong, `fewer than ${suite.least} tests pass over TCP`] } : sum;
}

function summarize(name: string, version: string, results: readonly PartResult[], wrong: readonly string[]): SuiteRun {
  const named = (list: (result: PartResult) => readonly string[]) =>
    results.flatMap((result) => list(result).map((test) => `${result.name}: ${test}`));
  const silent = results.filter(({ passed }) => passed === 0).map((part) => `${part.name}: no test passes over TCP`);
  return {
    name,
    version,
    parts: results.map((result) => result.name),
    passed: results.reduce((sum, { passed }) => sum + passed, 0),
    others: results.reduce((sum, { others }) => sum + others, 0),
    differ: named(({ differ }) => differ),
    unsteady: named(({ unsteady }) => unsteady),
    tcp: results.map(({ tcp }) => tcp).reduce(addCounters, NO_COUNTERS),
    unsock: results.map(({ unsock }) => unsock).reduce(addCounters, NO_COUNTERS),
    wrong: [...wrong, ...silent, ...named((result) => result.wrong)],
  };
}

async function fetchSource(suite: Suite, cache: string): Promise<string | undefined> {
  if (suite.source === undefined) return undefined;
  const tree = join(cache, suite.source);
  if (statOrUndefined(tree) === undefined) {
    showProgress(`${suite.name}: is fetched`);
    const { release = RELEASE } = suite;
    const archive = await Archive.open(join(cache, `apt-${release}`), [release], "amd64", "deb-src");
    await archive.unpackSource(suite.source, tree);
  }
  return tree;
}

async function firstLine(command: readonly string[], cwd: string): Promise<string> {
  return (await succeed([...command], { cwd })).split("\n", 1)[0]?.trim() ?? "";
}

async function succeed(command: string[], options: { cwd: string; env?: Record<string, string> }): Promise<string> {
  const { code, stdout, stderr } = await run(["nice", ...command], { ...options, timeoutMs: BUILD_MS });
  if (code !== 0) throw new Error(`${command.join(" ")}: exit status ${code}\n${stderr}`);
  return stdout;
}
