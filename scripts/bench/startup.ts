/** What it costs to start a program under unsock. */
import * as path from "@std/path/posix";
import type { Count } from "./report.ts";
import { output, type Rig, ROOT, unsockEnvironment } from "./rig.ts";
import { difference, quantile } from "./stats.ts";

/** A program as it is started without and with unsock, by `bench/spawn.c`. */
interface Pair {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly nanosecondsPerUnit: number;
  readonly rounds: number;
  readonly without: readonly string[];
  readonly with: readonly string[];
}

async function measure(rig: Rig, pair: Pair): Promise<Count> {
  const rounds = rig.quick ? 2 : pair.rounds;
  rig.progress(pair.title);
  const printed = await output([rig.spawner, `${rounds}`, "++", ...pair.without, "++", ...pair.with]);
  const times: number[][] = JSON.parse(printed);
  const column = (index: number) => times.map((round) => (round[index] ?? NaN) / pair.nanosecondsPerUnit);
  const without = quantile(column(0), 0.5);
  // The difference is taken round by round: it is smaller than what the machine changes from minute to minute.
  const extra = difference(column(1), column(0)).median;
  return { name: pair.name, title: pair.title, unit: pair.unit, without, with: without + extra };
}

/** Measures the library alone, the command line, and the compiled one where there is one. */
export async function measureStartup(rig: Rig): Promise<Count[]> {
  const sockets = path.join(rig.sockets, "s");
  const script = path.join(rig.directory, "empty.ts");
  await Deno.writeTextFile(script, "");
  const deno = [Deno.execPath(), "run", "-A"];
  const preloaded = Object.entries(unsockEnvironment(rig.library, sockets)).map(([name, value]) => `${name}=${value}`);
  const run = ["run", "--dir", path.join(rig.directory, "run"), "--", "true"];
  const milliseconds = { unit: "ms", nanosecondsPerUnit: 1e6, rounds: 15 };
  const pairs: Pair[] = [
    {
      name: "load",
      title: "A program with an empty library, and with libunsock.so",
      unit: "µs",
      nanosecondsPerUnit: 1e3,
      rounds: 1000,
      without: [`LD_PRELOAD=${rig.emptyLibrary}`, rig.emptyProgram],
      with: [...preloaded, rig.emptyProgram],
    },
    {
      ...milliseconds,
      name: "run",
      title: "An empty script, and `unsock run -- true` from source",
      without: [...deno, "--no-config", script],
      with: [...deno, path.join(ROOT, "main.ts"), ...run],
    },
  ];
  const binary = path.join(ROOT, "dist", "unsock");
  const compiled = await Deno.stat(binary).then(({ isFile }) => isFile, () => false);
  if (compiled) {
    pairs.push({
      ...milliseconds,
      name: "run-compiled",
      title: "`true`, and the compiled `unsock run -- true`",
      without: ["true"],
      with: [binary, ...run],
    });
  }
  const counts: Count[] = [];
  for (const pair of pairs) counts.push(await measure(rig, pair));
  return counts;
}
