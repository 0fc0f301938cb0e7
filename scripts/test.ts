/**
 * Builds, runs the tests and ends with one line, `N passed, N failed`.
 *
 * Usage: `deno task test [--all] [deno test's arguments]`. Without `--all`, and without a named file or folder, leaves
 * out the longest tests. Unless a file or folder is named, first prints how many files run and how long they take. At
 * the end prints how many tests were skipped, why, and how to run them. The exit status is that of `deno test`.
 */
import * as path from "@std/path/posix";
import type { Skip } from "../tests/support/skips.ts";
import { build, findFiles } from "./build.ts";
import { endProgress, mayColour, showProgress } from "./progress.ts";
import { ALL_OPTION, longestFirst, readTestArguments } from "./test/choice.ts";
import { describeSkipped, withSkips } from "./test/skipped.ts";

const ROOT = path.join(import.meta.dirname ?? ".", "..");

/** The processor seconds of the tests with all programs installed (2026-12-01), without and with `--all`. */
const SECONDS = { some: 540, all: 1200 };

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly ignored: number;
}

/** Sums the summary lines of `deno test`. */
export function countTests(output: string): Counts {
  // deno-lint-ignore no-control-regex
  const plain = output.replace(/\x1b\[[0-9;]*m/g, "");
  const counts = { passed: 0, failed: 0, ignored: 0 };
  for (const match of plain.matchAll(/^(?:ok|FAILED) \| (\d+) passed.*?\| (\d+) failed(?:.*?\| (\d+) ignored)?/gm)) {
    counts.passed += Number(match[1]);
    counts.failed += Number(match[2]);
    counts.ignored += Number(match[3] ?? 0);
  }
  return counts;
}

/** Counts the results in the coloured output of `deno test` so far, and the files that have a result. */
export function countSoFar(output: string): Counts & { readonly files: number } {
  const count = (word: string) => output.match(new RegExp(` \\.\\.\\. \\S*${word}`, "g"))?.length ?? 0;
  const files = new Set(Array.from(output.matchAll(/^\S*?(\S+_test\.ts)\S* => /gm), ([, file]) => file)).size;
  return { passed: count("ok"), failed: count("FAILED"), ignored: count("ignored"), files };
}

/** The test files that run. */
interface Plan {
  /** Whether no file or folder was named. */
  readonly isWhole: boolean;
  readonly files: number;
  /** How many files are left out, as they take longest. */
  readonly left: number;
  /** How long all chosen files take if all programs are installed and nothing else runs. Wrong if files were named. */
  readonly seconds: number;
}

/** @param isWhole Whether no file or folder was named. */
export function planTests(words: readonly string[], files: readonly string[], isWhole: boolean): Plan {
  const chosen = words.filter((word) => word.endsWith("_test.ts")).length;
  const isAll = chosen === files.length;
  const seconds = (isAll ? SECONDS.all : SECONDS.some) / navigator.hardwareConcurrency;
  return { isWhole, files: chosen, left: isWhole ? files.length - chosen : 0, seconds };
}

function minutes(seconds: number): string {
  const whole = Math.max(1, Math.ceil(seconds / 60));
  return whole === 1 ? "a minute" : `${whole} minutes`;
}

function tellPlan({ files, left, seconds }: Plan): void {
  const whole = left === 0
    ? ""
    : `; with ${ALL_OPTION} ${files + left} files, ${minutes(SECONDS.all / navigator.hardwareConcurrency)}`;
  const processors = navigator.hardwareConcurrency;
  console.log(`${files} test files: some ${minutes(seconds)} if ${processors} processors are idle${whole}`);
}

/** @returns The lines to print before the last line. If files are named, there are some only if a test was skipped. */
export function lastLines({ isWhole, left }: Plan, ignored: number, skips: readonly Skip[]): string {
  return isWhole || ignored > 0 ? describeSkipped(ignored, skips, left) : "";
}

function showCounts(output: string, start: number, { files, seconds, isWhole }: Plan): void {
  const { passed, failed, ignored, files: begun } = countSoFar(output);
  const now = ((performance.now() - start) / 1000).toFixed(0);
  const where = `file ${begun} of ${files}`;
  const time = isWhole ? `${now} s of ${seconds.toFixed(0)}` : `${now} s`;
  showProgress(`${time}: ${where}: ${passed} passed, ${failed} failed, ${ignored} skipped`);
}

async function runTests(args: readonly string[]): Promise<number> {
  const files = await findFiles("tests", "_test.ts");
  const isWhole = readTestArguments(args).at(-1) === "tests/";
  const words = longestFirst(readTestArguments(args), files);
  const chosen = planTests(words, files, isWhole);
  if (isWhole) tellPlan(chosen);
  return await withSkips(async (variables, readSkips) => {
    const { code, output } = await runDeno(words, variables, chosen);
    const { passed, failed, ignored } = countTests(output);
    await Deno.stdout.write(new TextEncoder().encode(lastLines(chosen, ignored, readSkips())));
    // A test file that does not load counts as no failed test, but "0 failed" would be wrong.
    console.log(`${passed} passed, ${code !== 0 && failed === 0 ? 1 : failed} failed`);
    return code;
  });
}

async function runDeno(words: readonly string[], variables: Record<string, string>, plan: Plan) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--parallel", ...words],
    cwd: ROOT,
    env: {
      ...variables,
      UNSOCK_TEST_BUILT: "1",
      // Most tests wait for programs half of the time, so one more file runs at a time than there are processors.
      DENO_JOBS: Deno.env.get("DENO_JOBS") ?? `${navigator.hardwareConcurrency + 1}`,
      // Without NO_COLOR, `deno test` writes colours into a pipe, too.
      ...(mayColour() ? {} : { NO_COLOR: "1" }),
    },
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const start = performance.now();
  let output = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    endProgress();
    await Deno.stdout.write(chunk);
    output += decoder.decode(chunk, { stream: true });
    if (output.endsWith("\n")) showCounts(output, start, plan);
  }
  const { code } = await child.status;
  endProgress();
  return { code, output };
}

if (import.meta.main) {
  try {
    await build([]);
  } catch (error) {
    console.error(`build: ${error instanceof Error ? error.message : error}`);
    console.log("0 passed, 1 failed");
    Deno.exit(1);
  }
  Deno.exit(await runTests(Deno.args));
}
