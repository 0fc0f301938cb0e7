/**
 * Makes random programs of socket calls, and runs each over the kernel's TCP and UDP and under the library. If a call has
 * different results, and docs/limits.md has no row for that, it prints the shortest program that shows it.
 *
 * Usage: `deno task fuzz:calls [--seconds N] [--programs N] [--seed N] [--door preload|trapped|static|musl|musl-static]
 * [--keep DIR] [--coverage]`. The last line is `N passed, N failed`. With `--coverage` the programs run under the
 * library alone, and a table has the lines of its code that they ran.
 */
import { parseArgs } from "node:util";
import { join } from "@std/path/posix";
import {
  buildInterpreters,
  type Door,
  DOORS,
  firstDifference,
  overNetwork,
  underLibrary,
} from "../tests/fuzz/calls/compare.ts";
import { buildCoveredLibrary, readCoverage } from "../tests/fuzz/calls/coverage.ts";
import { Generator, type Program } from "../tests/fuzz/calls/generate.ts";
import { shrink } from "../tests/fuzz/calls/shrink.ts";
import { Random } from "../tests/support/random.ts";

const LENGTH_LEAST = 6;
const LENGTH_MORE = 24;
const FOUND_MOST = 20;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    programs: { type: "string" },
    seed: { type: "string" },
    door: { type: "string" },
    keep: { type: "string" },
    coverage: { type: "boolean", default: false },
  },
});
const seed = Number(values.seed ?? Date.now() % 1_000_000_000) || 1;
const doors = DOORS.filter((door) => values.door === undefined || values.door === door);
const most = Number(values.programs ?? Infinity);
const end = performance.now() + (values.programs === undefined ? Number(values.seconds) * 1000 : Infinity);
/** Folders that programs of socket calls are about. */
const COVERED = /^c\/(calls|files|replace)\/.*\.c$/;

/** True if it differs twice, without a row: a difference in one busy moment is no finding. */
async function isFinding(program: Program, door: Door): Promise<boolean> {
  // Only a control file leads to a plain server.
  if (program.some((line) => / plain /.test(line)) && !program.some((line) => / control /.test(line))) return false;
  for (let i = 0; i < 2; i++) {
    const found = await firstDifference(program, door);
    if (found === undefined || found.row !== undefined) return false;
  }
  return true;
}

async function report(program: Program, door: Door, number: number): Promise<void> {
  const short = await shrink(program, (shorter) => isFinding(shorter, door));
  const [network, library] = await Promise.all([overNetwork(short, door), underLibrary(short, door)]);
  console.log(`\nfound by program ${number} (${door}):`);
  for (const [i, line] of short.entries()) {
    const [one = "", other = ""] = [network[i], library[i]];
    console.log(`  ${line.padEnd(44)} ${one}${one === other ? "" : `   but under unsock: ${other}`}`);
  }
  if (values.keep !== undefined) {
    Deno.writeTextFileSync(join(values.keep, `${seed}-${number}.txt`), `${short.join("\n")}\n`);
  }
}

/** Runs random programs under the library, and prints the lines that they ran by file, and of each file those not run. */
async function cover(): Promise<number> {
  const library = await buildCoveredLibrary();
  let programs = 0;
  for (; programs < most && performance.now() < end; programs++) {
    const program = new Generator(random).make(LENGTH_LEAST + random.below(LENGTH_MORE));
    await underLibrary(program, random.pick(doors), library);
  }
  const files = (await readCoverage(library)).filter(({ file }) => COVERED.test(file));
  for (const { file, lines, ran, missed } of files) {
    const percent = Math.round(100 * ran / lines);
    console.log(`${String(percent).padStart(3)} % of ${String(lines).padStart(3)}  ${file}  ${missed.join(" ")}`);
  }
  const sum = (of: (one: typeof files[number]) => number) => files.reduce((sum, one) => sum + of(one), 0);
  console.log(`${sum(({ ran }) => ran)} of ${sum(({ lines }) => lines)} lines`);
  return programs;
}

/** Looks for differences. @returns How many programs had one. */
async function search(): Promise<{ programs: number; found: number }> {
  const rows = new Map<string, number>();
  let [programs, found, last] = [0, 0, 0];
  while (programs < most && performance.now() < end && found < FOUND_MOST) {
    const program = new Generator(random).make(LENGTH_LEAST + random.below(LENGTH_MORE));
    const door = random.pick(doors);
    programs++;
    const difference = await firstDifference(program, door);
    if (difference?.row !== undefined) rows.set(difference.row, (rows.get(difference.row) ?? 0) + 1);
    if (difference === undefined || difference.row !== undefined || !await isFinding(program, door)) continue;
    found++;
    last = programs;
    await report(program, door, programs);
  }
  for (const [row, count] of rows) console.log(`${count} times: ${row}`);
  console.log(`${programs - last} programs since the last difference`);
  return { programs, found };
}

await buildInterpreters();
console.log(`seed ${seed}`);
const random = new Random(seed);
const { programs, found } = values.coverage ? { programs: await cover(), found: 0 } : await search();
console.log(`${programs - found} passed, ${found} failed`);
Deno.exit(found > 0 ? 1 : 0);
