/**
 * What unsock costs at start-up, each row with the command it measures.
 *
 * Usage: `deno task bench`
 */
import * as path from "node:path";
import { build } from "./build.ts";

const ROOT = path.join(import.meta.dirname ?? ".", "..");
const LIBRARY = path.join(ROOT, "build", "libunsock.so");
const ROUNDS = 5;

/** One thing to measure: a command, how often it runs in a row, and its environment. */
interface Row {
  readonly name: string;
  readonly command: readonly string[];
  readonly runs: number;
  readonly env?: Record<string, string>;
}

/** Starts by a shell loop, so that what is measured is the program's start and not this runtime's. */
async function millisecondsPerRun({ command, runs, env }: Row): Promise<number> {
  const loop = `i=0; while [ $i -lt ${runs} ]; do env "$@" >/dev/null || exit 1; i=$((i + 1)); done`;
  const words = [...Object.entries(env ?? {}).map(([name, value]) => `${name}=${value}`), ...command];
  const start = performance.now();
  const { success } = await new Deno.Command("sh", { args: ["-c", loop, "sh", ...words] }).spawn().status;
  if (!success) throw new Error(`${command.join(" ")}: failed`);
  return (performance.now() - start) / runs;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

async function makeEmptyLibrary(directory: string): Promise<string> {
  const file = path.join(directory, "empty.so");
  const compiler = Deno.env.get("CC") || "cc";
  const command = new Deno.Command(compiler, { args: ["-shared", "-nostdlib", "-o", file, "-xc", "/dev/null"] });
  if (!(await command.output()).success) throw new Error("the empty library cannot be compiled");
  return file;
}

async function bench(directory: string): Promise<void> {
  const deno = [Deno.execPath(), "run", "-A"];
  const empty = await makeEmptyLibrary(directory);
  const script = path.join(directory, "empty.ts");
  await Deno.writeTextFile(script, "");
  const sockets = path.join(directory, "s");
  const run = [...deno, path.join(ROOT, "main.ts"), "run", "--dir", sockets, "--", "true"];
  const rows: Row[] = [
    { name: "the runtime alone", command: [...deno, script], runs: 10 },
    { name: "unsock run -- true", command: run, runs: 10 },
    { name: "true", command: ["true"], runs: 300 },
    { name: "true, an empty library preloaded", command: ["true"], runs: 300, env: { LD_PRELOAD: empty } },
    {
      name: "true, libunsock.so preloaded",
      command: ["true"],
      runs: 300,
      env: { LD_PRELOAD: LIBRARY, UNSOCK_DIR: sockets },
    },
  ];
  const times = rows.map((): number[] => []);
  // Alternating, so that whatever else the machine does meets all alike.
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, row] of rows.entries()) times[index]?.push(await millisecondsPerRun(row));
  }
  for (const [index, row] of rows.entries()) {
    console.log(`${row.name.padEnd(36)}${median(times[index] ?? []).toFixed(3).padStart(9)} ms`);
  }
}

if (import.meta.main) {
  const directory = await Deno.makeTempDir({ prefix: "unsock-bench-" });
  try {
    await build([]);
    await bench(directory);
  } catch (error) {
    console.error(`bench: ${error instanceof Error ? error.message : error}`);
    Deno.exitCode = 1;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
