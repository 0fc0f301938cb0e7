/**
 * Makes random programs of socket calls, and runs each over the kernel's TCP and UDP and under the library. If a call
 * has different results, and docs/limits.md has no row for the difference, prints the shortest program that shows it.
 *
 * Usage: `deno task fuzz:calls [--seconds N] [--programs N] [--seed N] [--only N] [--door
 * preload|trapped|static|musl|musl-static] [--keep DIR] [--coverage] [FILE…]`. The last line is `N passed, N failed`.
 * `--only` runs one program of a seed. Programs in files run through each door, and all their results are printed. With
 * `--coverage`, programs run under the library alone, and a table says how much of each C file they ran, and which
 * lines they did not run.
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
import { buildCoveredLibrary, coverageOf } from "../tests/fuzz/calls/coverage.ts";
import { ROWS } from "../tests/fuzz/calls/differences.ts";
import { Generator, type Program, readProgram } from "../tests/fuzz/calls/generate.ts";
import { shrink } from "../tests/fuzz/calls/shrink.ts";
import { Random } from "../tests/support/random.ts";

const LENGTH_LEAST = 6;
const LENGTH_MORE = 24;
const FOUND_MOST = 20;
/** How often in a row a program must differ to count as a finding. */
const REPEATS = 3;
/** How long a finding is shrunk, even after the end of the search. */
const SHRINK_MS = 60_000;
/** After this many programs, each row of docs/limits.md should have occurred. */
const ENOUGH = 1000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "60" },
    programs: { type: "string" },
    seed: { type: "string" },
    only: { type: "string" },
    door: { type: "string" },
    keep: { type: "string" },
    coverage: { type: "boolean", default: false },
  },
});
const seed = Number(values.seed ?? Date.now() % 1_000_000_000) || 1;
const doors = DOORS.filter((door) => values.door === undefined || values.door === door);
const only = values.only === undefined ? undefined : Number(values.only);
const most = only ?? Number(values.programs ?? Infinity);
let end = performance.now() + (most === Infinity ? Number(values.seconds) * 1000 : Infinity);
/** The folders of code that `--coverage` reports. */
const COVERED = /^c\/(calls|files|replace)\/.*\.c$/;

/**
 * True if the program's results differ in each of `times` runs, and no row of docs/limits.md explains a difference. A
 * difference in one run alone may come from a busy machine.
 */
async function isFinding(program: Program, door: Door, times: number): Promise<boolean> {
  // A plain server needs a control file: without one, clients do not reach it.
  if (program.some((line) => / plain /.test(line)) && !program.some((line) => / control /.test(line))) return false;
  for (let i = 0; i < times; i++) {
    const found = await firstDifference(program, door);
    if (found === undefined || found.row !== undefined) return false;
  }
  return true;
}

async function show(program: Program, door: Door): Promise<void> {
  const [network, library] = await Promise.all([overNetwork(program, door), underLibrary(program, door)]);
  for (const [i, line] of program.entries()) {
    const [one = "", other = ""] = [network[i], library[i]];
    console.log(`  ${line.padEnd(44)} ${one}${one === other ? "" : `   but under unsock: ${other}`}`);
  }
}

/** Prints the shortest form of a program with a difference. Returns false if this form does not differ in every run. */
async function report(program: Program, door: Door, number: number): Promise<boolean> {
  const late = performance.now() + SHRINK_MS;
  const shows = async (shorter: Program) => performance.now() < late && await isFinding(shorter, door, REPEATS - 1);
  const short = await shrink(program, shows);
  const counts = await isFinding(short, door, REPEATS);
  console.log(`\nfound by program ${number} (${door})${counts ? "" : ", but not every time"}:`);
  await show(short, door);
  const way = values.door === undefined ? "" : ` --door ${values.door}`;
  console.log(`again: deno task fuzz:calls --seed ${seed} --only ${number}${way}`);
  if (values.keep !== undefined) {
    Deno.writeTextFileSync(join(values.keep, `${seed}-${number}.txt`), `${short.join("\n")}\n`);
  }
  return counts;
}

/**
 * Runs the programs in files through each door. Returns how many ran, and how many have a difference that no row of
 * docs/limits.md explains.
 */
async function replay(): Promise<{ programs: number; found: number }> {
  let found = 0;
  for (const file of positionals) {
    const { program } = readProgram(Deno.readTextFileSync(file));
    for (const door of doors) {
      const difference = await firstDifference(program, door);
      console.log(`\n${file} (${door}): ${difference === undefined ? "no difference" : difference.row ?? "no row"}`);
      await show(program, door);
      if (difference !== undefined && difference.row === undefined) found++;
    }
  }
  return { programs: positionals.length * doors.length, found };
}

/** Runs random programs under the library. Prints how many lines of each file they ran, and which they did not run. */
async function cover(): Promise<number> {
  const library = await buildCoveredLibrary();
  let programs = 0;
  for (; programs < most && performance.now() < end; programs++) {
    const program = new Generator(random).make(LENGTH_LEAST + random.below(LENGTH_MORE));
    await underLibrary(program, random.pick(doors), library);
  }
  const files = (await coverageOf(library))().filter(({ file }) => COVERED.test(file));
  for (const { file, lines, ran, missed } of files) {
    const percent = Math.round(100 * ran / lines);
    console.log(`${String(percent).padStart(3)} % of ${String(lines).padStart(3)}  ${file}  ${missed.join(" ")}`);
  }
  const sum = (of: (one: typeof files[number]) => number) => files.reduce((sum, one) => sum + of(one), 0);
  console.log(`${sum(({ ran }) => ran)} of ${sum(({ lines }) => lines)} lines`);
  return programs;
}

/** Prints how often each row of docs/limits.md occurred; after many programs, also the rows that never occurred. */
function printRows(rows: ReadonlyMap<string, number>, programs: number): void {
  for (const [row, count] of rows) console.log(`${count} times: ${row}`);
  const unmet = programs < ENOUGH ? [] : ROWS.filter((row) => !rows.has(row));
  for (const row of unmet) console.log(`never: ${row}`);
}

/** Looks for differences. Returns the number of programs, and of those with a finding. */
async function search(): Promise<{ programs: number; found: number }> {
  const rows = new Map<string, number>();
  let [programs, found, last] = [0, 0, 0];
  while (programs < most && performance.now() < end && found < FOUND_MOST) {
    const program = new Generator(random).make(LENGTH_LEAST + random.below(LENGTH_MORE));
    const door = random.pick(doors);
    programs++;
    if (only !== undefined && programs < only) continue;
    const difference = await firstDifference(program, door).catch((error: Error) => {
      throw new Error(`program ${programs} of seed ${seed} (${door}):\n${program.join("\n")}`, { cause: error });
    });
    if (difference?.row !== undefined) rows.set(difference.row, (rows.get(difference.row) ?? 0) + 1);
    if (difference === undefined || difference.row !== undefined) continue;
    if (!await isFinding(program, door, REPEATS - 1) || !await report(program, door, programs)) continue;
    found++;
    last = programs;
  }
  printRows(rows, only === undefined ? programs : 1);
  console.log(`${programs - last} programs since the last difference`);
  return { programs: only === undefined ? programs : 1, found };
}

// Ctrl-C ends the search after the current program. The sums are still printed.
Deno.addSignalListener("SIGINT", () => end = 0);
await buildInterpreters();
console.log(`seed ${seed}`);
const random = new Random(seed);
const run = positionals.length > 0 ? replay : search;
const { programs, found } = values.coverage ? { programs: await cover(), found: 0 } : await run();
console.log(`${programs - found} passed, ${found} failed`);
Deno.exit(found > 0 ? 1 : 0);
