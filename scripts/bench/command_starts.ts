/** Measures how long a command takes with each way to start it, and writes a table for `docs/bench.md`. */
import * as path from "@std/path/posix";
import { statOrUndefined } from "../../lib/system/files.ts";
import { formatNumber } from "./report.ts";
import { output, ROOT } from "./rig.ts";
import { difference, quantile } from "./stats.ts";

/** The results of one way to start a command, in milliseconds. */
export interface Start {
  readonly what: string;
  readonly median: number;
  readonly least: number;
  /** The time minus the time of `true` in the same round: the median of these differences. */
  readonly extra: number;
  /** The processor time of all threads together, a median. Other load on the machine changes this number least. */
  readonly processor: number;
}

/** One measurement, as `docs/starts.json` keeps it. */
export interface Starts {
  readonly machine: string;
  readonly rounds: number;
  readonly starts: readonly Start[];
  /** The time of the npm module's `loopback()` and `close()` in a running Node.js, in milliseconds. */
  readonly loopback?: { readonly version: string; readonly median: number; readonly least: number };
}

/** The file with the last measurement. */
export const STARTS = path.join(ROOT, "docs", "starts.json");

const NANOSECONDS = 1e6;
const HEADING = "## Starting a command";

interface Way {
  readonly what: string;
  readonly command: readonly string[];
}

/** Prepares the files for each way in the directory `stage`. Returns the ways. */
async function prepare(stage: string): Promise<Way[]> {
  const binary = path.join(ROOT, "dist", "unsock");
  const library = path.join(ROOT, "build", "libunsock.so");
  if (statOrUndefined(binary) === undefined) throw new Error(`${binary}: not there: run "deno task compile" first`);
  const [alone, prefix, empty] = [path.join(stage, "alone"), path.join(stage, "usr"), path.join(stage, "empty")];
  await Deno.mkdir(alone);
  await Deno.copyFile(binary, path.join(alone, "unsock"));
  await output([binary, "install", "--prefix", prefix, "--lib", library]);
  await Deno.writeTextFile(`${empty}.ts`, "");
  const compile = ["compile", "--quiet", "--no-code-cache", "--no-check", "--no-prompt"];
  await output([Deno.execPath(), ...compile, "--output", empty, `${empty}.ts`]);
  const directory = ["--dir", path.join(stage, "s")];
  const run = ["run", ...directory, "--", "true"];
  const source = [Deno.execPath(), "run", "-A"];
  const ways: Way[] = [
    { what: "`true`", command: ["true"] },
    { what: "`env true`", command: ["env", "true"] },
    { what: "`libunsock.so run -- true`", command: [library, ...run] },
    { what: "`unsock run -- true`, as installed", command: [path.join(prefix, "bin", "unsock"), ...run] },
    { what: "an empty program, compiled by the runtime", command: [empty] },
    { what: "`unsock run -- true`, the compiled binary alone", command: [path.join(alone, "unsock"), ...run] },
    {
      what: "`unsock run --private -- true`, as installed",
      command: [path.join(prefix, "bin", "unsock"), "run", "--private", ...run.slice(1)],
    },
    {
      what: "`unsock path 3000`, as installed",
      command: [path.join(prefix, "bin", "unsock"), "path", ...directory, "3000"],
    },
    {
      what: "`unsock wait 3000`, as installed, of a server that listens",
      command: [path.join(prefix, "bin", "unsock"), "wait", ...directory, "3000"],
    },
    { what: "an empty script", command: [...source, "--no-config", `${empty}.ts`] },
    { what: "`unsock run -- true`, from source", command: [...source, path.join(ROOT, "main.ts"), ...run] },
  ];
  // ip2unix is not in Debian. Measures it if it is installed.
  const version = await output(["ip2unix", "--version"]).then((text) => text.split("\n")[0], () => undefined);
  if (version !== undefined) {
    ways.push({
      what: `\`ip2unix -r path=/tmp/x true\`, ${version}`,
      command: ["ip2unix", "-r", "path=/tmp/x", "true"],
    });
  }
  return ways;
}

/** A script that makes loopbacks one after the other, and prints the milliseconds of each after the first three. */
const LOOPBACKS = `
import { loopback } from ${JSON.stringify(path.join(ROOT, "packaging", "npm", "unsock.mjs"))};
const [, , dir, lib, rounds] = process.argv;
const times = [];
for (let i = 0; i < Number(rounds) + 3; i++) {
  const before = performance.now();
  await (await loopback({ dir, lib })).close();
  times.push(performance.now() - before);
}
console.log(JSON.stringify({ version: process.version, times: times.slice(3) }));
`;

/** Measures `loopback()` and `close()`. Returns undefined if the script fails, for example without Node.js. */
async function measureLoopback(stage: string, rounds: number): Promise<Starts["loopback"]> {
  const script = path.join(stage, "loopbacks.mjs");
  await Deno.writeTextFile(script, LOOPBACKS);
  const library = path.join(ROOT, "build", "libunsock.so");
  const text = await output(["node", script, path.join(stage, "s"), library, `${rounds}`]).catch(() => undefined);
  if (text === undefined) return undefined;
  const { version, times }: { version: string; times: number[] } = JSON.parse(text);
  return { version, median: quantile(times, 0.5), least: Math.min(...times) };
}

/**
 * Starts a command in every way, `rounds` times in turn, and measures each start. `stage` is an empty directory, which
 * the caller removes afterwards.
 */
export async function measureStarts(stage: string, rounds: number, machine: string): Promise<Starts> {
  const spawner = path.join(stage, "spawn");
  await output(["cc", "-std=c17", "-D_GNU_SOURCE", "-O2", "-o", spawner, path.join(ROOT, "bench", "spawn.c")]);
  const ways = await prepare(stage);
  await Deno.mkdir(path.join(stage, "s"), { mode: 0o700 });
  using _server = Deno.listen({ transport: "unix", path: path.join(stage, "s", "3000.sock") });
  const measure = async (...options: string[]) => {
    const words = [spawner, ...options, `${rounds}`, ...ways.flatMap(({ command }) => ["++", ...command])];
    const measured: number[][] = JSON.parse(await output(words));
    return (index: number) => measured.map((round) => (round[index] ?? NaN) / NANOSECONDS);
  };
  const column = await measure();
  const processor = await measure("-c");
  const starts = ways.map(({ what }, index) => ({
    what,
    median: quantile(column(index), 0.5),
    least: Math.min(...column(index)),
    extra: difference(column(index), column(0)).median,
    processor: quantile(processor(index), 0.5),
  }));
  return { machine, rounds, starts, loopback: await measureLoopback(stage, rounds) };
}

export function formatStarts({ machine, rounds, starts, loopback }: Starts): string {
  const rows = starts.map(({ what, ...times }) => {
    return `| ${[what, ...[times.median, times.least, times.extra, times.processor].map(formatNumber)].join(" | ")} |`;
  });
  return [
    HEADING,
    "",
    `\`deno task bench:starts\` starts each ${rounds} times, in turn, from the moment that it is spawned to its end (${machine}). The`,
    "installed `unsock` is the library, which does `run`, `path` and `wait` by itself; the binary alone needs its runtime to unpack the library. Other work on the",
    "machine changes processor time least, which is that of all threads.",
    "",
    "| ms | median | least | over `true` | processor time |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
    "",
    ...loopback === undefined ? [] : [
      `The module's \`loopback()\` and \`close()\`, in a Node.js ${loopback.version} that runs already: ${
        formatNumber(loopback.median)
      } ms (least ${formatNumber(loopback.least)}).`,
      "",
    ],
  ].join("\n");
}

/** @returns The page with this section at its end, in place of an earlier one. */
export function withStarts(page: string, section: string): string {
  const at = page.indexOf(`\n${HEADING}\n`);
  return `${(at < 0 ? page : page.slice(0, at)).trimEnd()}\n\n${section}`;
}

/** @returns The section of the last measurement, or undefined if there is none. */
export async function lastStarts(): Promise<string | undefined> {
  const text = await Deno.readTextFile(STARTS).catch(() => undefined);
  return text === undefined ? undefined : formatStarts(JSON.parse(text));
}
