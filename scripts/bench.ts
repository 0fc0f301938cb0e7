/**
 * Measures how fast programs are over native `AF_UNIX`, over loopback, and over loopback addresses under unsock.
 *
 * Usage: `deno task bench [--json] [--quick] [--trapped] [--out DIR] [--compare COMMIT] [--other NAME=LIBRARY]...`
 */
import * as path from "@std/path/posix";
import { parseArgs } from "node:util";
import { frontsOf, withFronts } from "./bench/http_page.ts";
import { drawChart } from "./bench/chart.ts";
import { measureCounts } from "./bench/counts.ts";
import { measureGrowth } from "./bench/growth.ts";
import { writePage } from "./bench/bench_page.ts";
import { measureLoad } from "./bench/preload_cost.ts";
import { describeMachine, otherWork } from "./bench/machine.ts";
import { measurePrograms } from "./bench/programs.ts";
import { describeOther, readOther } from "./bench/others.ts";
import { formatText, type Report } from "./bench/report.ts";
import { type OtherLibrary, type Rig, ROOT } from "./bench/rig.ts";
import { withRig } from "./bench/rig_life.ts";
import { lastStarts, withStarts } from "./bench/command_starts.ts";
import { measureTrapped } from "./bench/trapped.ts";
import { measureWorkloads } from "./bench/workloads.ts";

const HELP = `usage: deno task bench [options]

Measures and prints a table, and writes bench.json, bench.svg and bench.md.

  --json                print the report as JSON instead
  --out DIR             where to write (default: docs; with --quick: nowhere)
  --trapped             only the programs whose system calls are trapped; the rest of the page stays as it is
  --quick               few and short measurements: shows that all works, not how fast
  --compare COMMIT      what has changed since: the library of that commit takes its turns too; nothing is written
                        without --out
  --other NAME=LIBRARY  compare with another library to preload; may be repeated. It gets UNSOCK_DIR, UNSOCK_ADDR and
                        SOCKET_WRAPPER_DIR, and the rest of its settings from the environment
  --other NAME=COMMAND  the same, set up by a command that executes what follows, with {} for the directory of the socket
                        files: "ip2unix 2.2=ip2unix -r addr=127.0.0.1,path={}/%t-%p.sock". NAME stands on the page: with the version
`;

interface Options {
  readonly json: boolean;
  readonly quick: boolean;
  /** Whether to measure trapped programs alone. */
  readonly trapped: boolean;
  readonly out: string | undefined;
  readonly compare: string | undefined;
  readonly others: readonly OtherLibrary[];
}

function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: "boolean" },
      json: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      trapped: { type: "boolean", default: false },
      out: { type: "string" },
      compare: { type: "string" },
      other: { type: "string", multiple: true, default: [] },
    },
  });
  if (values.help) return undefined;
  const others = values.other.map(readOther);
  const { json, quick, trapped, compare } = values;
  const out = values.out ?? (quick || compare !== undefined ? undefined : path.join(ROOT, "docs"));
  return { json, quick, trapped, out, compare, others };
}

async function measure(rig: Rig): Promise<Report> {
  const workloads = await measureWorkloads(rig);
  const growth = await measureGrowth(rig);
  const programs = await measurePrograms(rig);
  const trapped = await measureTrapped(rig);
  const counts = [...await measureCounts(rig), ...trapped.counts, await measureLoad(rig)];
  const comparisons = [...workloads, ...programs, ...trapped.comparisons];
  return { machine: await describeMachine(), comparisons, growth, counts };
}

/** Measures trapped programs anew. Returns the last report with their rows replaced. */
async function measureTrappedAlone(rig: Rig, directory: string): Promise<Report> {
  const before: Omit<Report, "growth"> & Partial<Report> = JSON.parse(
    await Deno.readTextFile(path.join(directory, "bench.json")),
  );
  const beside = otherWork();
  const { comparisons: measured, counts } = await measureTrapped(rig);
  const comparisons = measured.map((row) => ({
    ...row,
    notes: [...row.notes, ...beside === undefined ? [] : [beside]],
  }));
  const others = <T extends { name: string }>(old: readonly T[], now: readonly T[]) =>
    old.filter(({ name }) => !now.some((row) => row.name === name));
  return {
    ...before,
    growth: before.growth ?? [], // older reports have none
    comparisons: [...others(before.comparisons, comparisons), ...comparisons],
    counts: [...others(before.counts, counts), ...counts],
  };
}

async function writeReport(report: Report, directory: string): Promise<void> {
  await Deno.mkdir(directory, { recursive: true });
  await Deno.writeTextFile(path.join(directory, "bench.json"), `${JSON.stringify(report, null, 2)}\n`);
  await Deno.writeTextFile(path.join(directory, "bench.svg"), drawChart(report));
  const starts = await lastStarts();
  const file = path.join(directory, "bench.md");
  const fronts = frontsOf(await Deno.readTextFile(file).catch(() => ""));
  const page = fronts === undefined ? writePage(report) : withFronts(writePage(report), fronts);
  await Deno.writeTextFile(file, starts === undefined ? page : withStarts(page, starts));
}

async function bench({ json, quick, trapped, out, compare, others }: Options): Promise<void> {
  const before = out ?? path.join(ROOT, "docs");
  const measured = (rig: Rig) => trapped ? measureTrappedAlone(rig, before) : measure(rig);
  const found = await withRig({ others, quick, compare }, measured);
  const named = others.map((other) => ({ name: other.name, how: describeOther(other) }));
  const report = trapped
    ? found
    : { ...found, ...named.length > 0 && { others: named }, ...compare !== undefined && { compare } };
  console.log(json ? JSON.stringify(report, null, 2) : formatText(report));
  if (out !== undefined) await writeReport(report, out);
}

if (import.meta.main) {
  try {
    const options = readOptions(Deno.args);
    if (options) await bench(options);
    else console.log(HELP.trimEnd());
  } catch (error) {
    console.error(`bench: ${error instanceof Error ? error.message : error}`);
    Deno.exitCode = 1;
  }
}
