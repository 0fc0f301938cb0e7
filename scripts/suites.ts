/**
 * Runs other projects' own tests over TCP and under unsock, each in a network namespace: `deno task test:suites
 * [NAME…]`, by default all suites. A test that passes over TCP but not under unsock is a difference. Fails if a
 * difference is not in `scripts/suites/known.json`, or if a suite did not run as it should. `--write`: writes the
 * results into `docs/suites.json` and `docs/suites.md`; other suites keep their earlier results. `--page`: only writes
 * the page, from the stored results. `--part=NAME,…`: runs only these parts. `--list`: lists all suites. The last line
 * is `N passed, N failed`: of the tests that pass over TCP, how many pass under unsock, too, and how many do not.
 */
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { untilInterrupted } from "./interruption.ts";
import { build } from "./build.ts";
import { sha256 } from "./dist/tools.ts";
import { isKnown, type Known, noLongerDiffers, parseKnown } from "./suites/known.ts";
import { SUITES } from "./suites/list.ts";
import { describeMachine, type Kept, makePage, mergeRuns, parseRuns, type SuiteRun } from "./suites/suites_page.ts";
import { runSuite } from "./suites/run.ts";

const ROOT = join(dirname(fromFileUrl(import.meta.url)), "..");
const CACHE = join(ROOT, "build", "suites");
const KNOWN = join(ROOT, "scripts", "suites", "known.json");
const DATA = join(ROOT, "docs", "suites.json");
const PAGE = join(ROOT, "docs", "suites.md");

function fail(text: string): never {
  console.error(`unsock: suites: ${text}`);
  Deno.exit(2);
}

function tell(run: SuiteRun, known: readonly Known[]): void {
  const { name, passed, differ, unsteady, tcp, unsock } = run;
  console.log(`${name} (${run.version}): ${passed} pass over TCP, ${passed - differ.length} of them under unsock`);
  console.log(`  over TCP: ${tcp.accepted} connections accepted, ${tcp.datagrams} datagrams sent`);
  console.log(`  under unsock: ${unsock.accepted} connections accepted, ${unsock.datagrams} datagrams sent`);
  for (const test of differ) console.log(`  ${isKnown(known, name, test) ? "known" : "NEW"}: ${test}`);
  for (const test of unsteady) console.log(`  now and then: ${test}`);
  for (const test of noLongerDiffers(known, run)) console.log(`  known, but as over TCP: ${test}`);
  for (const wrong of run.wrong) console.log(`  WRONG: ${wrong}`);
}

async function writePage(runs: readonly Kept[], known: readonly Known[]): Promise<void> {
  await Deno.writeTextFile(PAGE, makePage(runs, known, SUITES));
}

async function work(): Promise<void> {
  const args = Deno.args.filter((arg) => !arg.startsWith("--"));
  const options = Deno.args.filter((arg) => arg.startsWith("--"));
  const parts = options.find((option) => option.startsWith("--part="))?.slice("--part=".length).split(",");
  const other = options.find((option) =>
    !["--write", "--list", "--page"].includes(option) && !option.startsWith("--part=")
  );
  if (other !== undefined) fail(`unknown option "${other}"; there are --write, --list, --page and --part=NAME,…`);
  const unknown = args.find((name) => !SUITES.some((suite) => suite.name === name));
  if (unknown !== undefined) fail(`no suite "${unknown}"; there are ${SUITES.map(({ name }) => name).join(", ")}`);
  if (options.includes("--list")) {
    for (const { name, about } of SUITES) console.log(`${name}: ${about}`);
    return;
  }
  if (parts !== undefined && options.includes("--write")) fail("--write is for whole suites, not with --part");
  const known = parseKnown(await Deno.readTextFile(KNOWN));
  if (options.includes("--page")) return await writePage(parseRuns(await Deno.readTextFile(DATA)), known);
  await build([]);
  const chosen = SUITES.filter(({ name }) => args.length === 0 || args.includes(name));
  const runs: SuiteRun[] = [];
  const library = join(ROOT, "build", "libunsock.so");
  const digest = (await sha256(library)).slice(0, 12);
  for (const suite of chosen) {
    const run = await runSuite(suite, { cache: CACHE, library, parts });
    tell(run, known);
    runs.push(run);
    // A failed run must not replace an earlier result.
    if (options.includes("--write") && run.wrong.length === 0 && suite.again !== true) {
      const kept = parseRuns(await Deno.readTextFile(DATA));
      const all = mergeRuns(kept, { ...run, machine: await describeMachine(), library: digest }, SUITES);
      await Deno.writeTextFile(DATA, `${JSON.stringify(all, null, 2)}\n`);
      await writePage(all, known);
    }
  }
  const passed = runs.reduce((sum, run) => sum + run.passed - run.differ.length, 0);
  const failed = runs.reduce((sum, run) => sum + run.differ.length, 0);
  const isNew = runs.some((run) => run.wrong.length > 0 || run.differ.some((test) => !isKnown(known, run.name, test)));
  console.log(`${passed} passed, ${failed} failed`);
  Deno.exitCode = isNew ? 1 : 0;
}

await untilInterrupted(work);
