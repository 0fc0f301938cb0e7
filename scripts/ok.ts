/**
 * Runs all checks that must pass before a commit.
 *
 * Usage: `deno task ok` stops at the first failure. `deno task ok --checks` runs all checks except the tests, continues
 * after a failure, and ends with the line `N passed, N failed`. CI runs `--checks`, and the tests in its own way.
 *
 * A check whose program is missing is skipped. With UNSOCK_MUST_WORK=1 it fails.
 */
import * as path from "@std/path/posix";
import { writeTables } from "./build.ts";
import { FILE_CHECKS } from "./ok/file_checks.ts";

const ROOT = path.join(import.meta.dirname ?? ".", "..");

interface Step {
  readonly name: string;
  /** Returns whether the check passed, or null if it cannot run here. */
  readonly run: () => Promise<boolean | null>;
}

function deno(...args: string[]): Step {
  const run = async () => (await new Deno.Command(Deno.execPath(), { args, cwd: ROOT }).spawn().status).code === 0;
  return { name: `deno ${args.join(" ")}`, run };
}

/**
 * The checks by Deno and the build, those that fail soonest first. C warnings need no check, since the build treats
 * them as errors; nor do the exported symbols, since tests check them.
 */
const DENO_CHECKS: readonly Step[] = [
  deno("fmt", "--check"),
  deno("lint"),
  deno("check", "--quiet", "main.ts", "scripts/", "tests/"),
  deno("run", "-A", "scripts/build.ts", "--debug"),
];
const CHECKS: readonly Step[] = [...DENO_CHECKS, ...FILE_CHECKS];

async function passes({ name, run }: Step): Promise<boolean | null> {
  console.log(name);
  const passed = await run().catch((error) => {
    console.error(error instanceof Error ? error.message : error);
    return false;
  });
  if (passed === null) console.log("  skipped: its program is not installed");
  if (passed === false) console.error(`${name}: failed`);
  return passed;
}

async function resultsOf(steps: readonly Step[]): Promise<(boolean | null)[]> {
  const results: (boolean | null)[] = [];
  for (const step of steps) results.push(await passes(step));
  return results;
}

/** Runs both groups of checks at once: Deno's checks and the linker use one processor, the analysers the others. */
async function countChecks(): Promise<boolean> {
  await writeTables();
  const results = (await Promise.all([DENO_CHECKS, FILE_CHECKS].map(resultsOf))).flat();
  const failed = results.filter((passed) => passed === false).length;
  console.log(`${results.filter((passed) => passed).length} passed, ${failed} failed`);
  return failed === 0;
}

async function runAll(): Promise<boolean> {
  for (const step of [...CHECKS, deno("run", "-A", "scripts/test.ts")]) {
    if (await passes(step) === false) return false;
  }
  return true;
}

const [option, ...rest] = Deno.args;
if (rest.length > 0 || (option !== undefined && option !== "--checks")) {
  console.error(`ok: unknown argument "${[option, ...rest].join(" ")}"; there is only --checks`);
  Deno.exit(2);
}
Deno.exit(await (option === "--checks" ? countChecks() : runAll()) ? 0 : 1);
