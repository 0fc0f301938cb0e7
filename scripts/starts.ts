/**
 * Measures how long a command takes with each way to start it, and writes the last section of `docs/bench.md`.
 *
 * Usage: `deno task bench:starts [ROUNDS]`, after `deno task compile` by the same Deno; DENORT_BIN has the same effect
 * as in `scripts/compile.ts`. Run it on a quiet machine, as the results are milliseconds.
 */
import * as path from "@std/path/posix";
import { describeMachine, otherWork } from "./bench/machine.ts";
import { formatStarts, measureStarts, STARTS, withStarts } from "./bench/command_starts.ts";
import { ROOT } from "./bench/rig.ts";

const ROUNDS = 30;

async function main(): Promise<void> {
  const rounds = Number(Deno.args[0] ?? ROUNDS);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`ROUNDS: not a number: "${Deno.args[0]}"`);
  const stage = await Deno.makeTempDir({ prefix: "unsock-starts-" });
  try {
    const starts = await measureStarts(
      stage,
      rounds,
      [await describeMachine(), otherWork()].filter(Boolean).join("; "),
    );
    const section = formatStarts(starts);
    const page = path.join(ROOT, "docs", "bench.md");
    await Deno.writeTextFile(STARTS, `${JSON.stringify(starts, null, 2)}\n`);
    await Deno.writeTextFile(page, withStarts(await Deno.readTextFile(page), section));
    console.log(section.trimEnd());
  } finally {
    await Deno.remove(stage, { recursive: true });
  }
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error(`starts: ${error instanceof Error ? error.message : error}`);
    Deno.exitCode = 1;
  }
}
