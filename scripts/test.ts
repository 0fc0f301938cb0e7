/**
 * Builds, runs the tests and ends with one line, `N passed, N failed`.
 *
 * Usage: `deno task test [--all] [deno test's arguments]`. Without `--all`, and without a file or folder that is named,
 * the longest tests are left out. The exit status is `deno test`'s.
 */
import * as path from "@std/path/posix";
import { build, findFiles } from "./build.ts";
import { endProgress, mayColour, showProgress } from "./progress.ts";

const ROOT = path.join(import.meta.dirname ?? ".", "..");

/** Where all tests are. */
const ALL = "tests/";

const IGNORE = "--ignore=";

/** Sums the summary lines of `deno test`. */
export function countTests(output: string): { passed: number; failed: number } {
  // deno-lint-ignore no-control-regex
  const plain = output.replace(/\x1b\[[0-9;]*m/g, "");
  const counts = { passed: 0, failed: 0 };
  for (const match of plain.matchAll(/^(?:ok|FAILED) \| (\d+) passed.*?\| (\d+) failed/gm)) {
    counts.passed += Number(match[1]);
    counts.failed += Number(match[2]);
  }
  return counts;
}

/** Counts the results in the output of `deno test` so far, with its colours. */
export function countSoFar(output: string): { passed: number; failed: number } {
  const count = (word: string) => output.match(new RegExp(` \\.\\.\\. \\S*${word}`, "g"))?.length ?? 0;
  return { passed: count("ok"), failed: count("FAILED") };
}

function showCounts(output: string, start: number): void {
  const { passed, failed } = countSoFar(output);
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  showProgress(`${seconds} s: ${passed} passed, ${failed} failed so far`);
}

/** Tests that take over half of the time: every failing call, every order of calls, other machines, Go's compiler. */
const LONG = [
  "tests/aarch64",
  "tests/cli/two_runs_test.ts",
  "tests/docs/go_test.ts",
  "tests/docs/test_runners_test.ts",
  "tests/explore",
  "tests/faults",
  "tests/libcs",
  "tests/probes/closed_inside_test.ts",
  "tests/proofs",
  "tests/restricted/forbidden_test.ts",
  "tests/trap/go_test.ts",
  "tests/unit/stack_test.ts",
  "tests/vm",
];

/** The files and folders that begin before all others: one that begins last leaves processors idle. */
const FIRST = [
  "tests/probes/sockets_test.ts",
  "tests/probes/processes_test.ts",
  "tests/threads",
  "tests/unit/layers_test.ts",
  ...LONG,
];

/**
 * Reads the task's arguments.
 *
 * @param args The arguments of `deno task test`.
 * @returns The arguments of `deno test` after its own options.
 */
export function readTestArguments(args: readonly string[]): string[] {
  const rest = args.filter((arg) => arg !== "--all");
  if (rest.some((arg) => !arg.startsWith("-"))) return rest;
  const ignored = rest.filter((arg) => arg.startsWith(IGNORE)).map((arg) => arg.slice(IGNORE.length));
  if (!args.includes("--all")) ignored.push(...LONG);
  const others = rest.filter((arg) => !arg.startsWith(IGNORE));
  return [...others, ...(ignored.length > 0 ? [`${IGNORE}${ignored.join(",")}`] : []), ALL];
}

/**
 * Names each test file in place of the folder that has them all, the longest first. With named files `deno test` ignores
 * none: those that are to be ignored are not named.
 *
 * @param args The result of readTestArguments.
 * @param files All test files.
 * @returns The arguments of `deno test`, which runs the files in that order.
 */
export function longestFirst(args: readonly string[], files: readonly string[]): string[] {
  if (args.at(-1) !== ALL) return [...args];
  const isIn = (places: readonly string[]) => (file: string) =>
    places.some((place) => file === place || file.startsWith(`${place}/`));
  const ignored = args.filter((arg) => arg.startsWith(IGNORE)).flatMap((arg) => arg.slice(IGNORE.length).split(","));
  const kept = files.filter((file) => !isIn(ignored)(file));
  const [first, others] = [kept.filter(isIn(FIRST)), kept.filter((file) => !isIn(FIRST)(file))];
  return [...args.slice(0, -1).filter((arg) => !arg.startsWith(IGNORE)), ...first, ...others];
}

async function runTests(args: readonly string[]): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--parallel", ...longestFirst(readTestArguments(args), await findFiles("tests", "_test.ts"))],
    cwd: ROOT,
    env: {
      UNSOCK_TEST_BUILT: "1",
      // Most tests wait for programs half of their time.
      DENO_JOBS: Deno.env.get("DENO_JOBS") ?? `${navigator.hardwareConcurrency + 1}`,
      // In a pipe it would write colours all the same.
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
    if (output.endsWith("\n")) showCounts(output, start);
  }
  const { code } = await child.status;
  endProgress();
  const { passed, failed } = countTests(output);
  // A test file that does not load counts as no failed test, but "0 failed" would be wrong.
  console.log(`${passed} passed, ${code !== 0 && failed === 0 ? 1 : failed} failed`);
  return code;
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
