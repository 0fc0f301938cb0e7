/**
 * Measures what real programs lose over UDP and under unsock, and writes the section of `docs/scale.md` about that.
 *
 * Usage: `deno task scale:udp [NAME…] [--out FILE]`, as root, on a quiet machine; some ten minutes. With names (of
 * `scripts/bench/udp_programs.ts`) it measures those programs alone, and writes nothing but to FILE.
 */
import * as path from "@std/path/posix";
import { parseArgs } from "node:util";
import { describeMachine, otherWork } from "./bench/machine.ts";
import { ROOT } from "./bench/rig.ts";
import { makeInMemory } from "./bench/rig_life.ts";
import { MEANING_HEADING } from "./bench/scale_page.ts";
import { formatUdp, measureUdp, ROUNDS, UDP, type UdpReport, type UdpRow, withUdp } from "./bench/udp_losses.ts";
import { UDP_PROGRAMS } from "./bench/udp_programs.ts";
import { SECONDS, UdpStage } from "./bench/udp_stage.ts";
import { build } from "./build.ts";
import { tellStep } from "./progress.ts";

async function measure(names: readonly string[]): Promise<UdpReport> {
  const unknown = names.find((name) => !UDP_PROGRAMS.some((program) => program.name === name));
  if (unknown !== undefined) throw new Error(`${unknown}: not in scripts/bench/udp_programs.ts`);
  const machine = [await describeMachine(), otherWork()].filter(Boolean).join("; ");
  const directory = await Deno.makeTempDir({ prefix: "unsock-udp-" });
  const sockets = await makeInMemory();
  try {
    await build([]);
    await using stage = await UdpStage.make(directory, sockets);
    const rows: UdpRow[] = [];
    for (const program of UDP_PROGRAMS) {
      if (names.length === 0 || names.includes(program.name)) rows.push(await measureUdp(stage, program, tellStep));
    }
    return { machine, rounds: ROUNDS, seconds: SECONDS, rows };
  } finally {
    await Deno.remove(directory, { recursive: true });
    await Deno.remove(sockets, { recursive: true });
  }
}

if (import.meta.main) {
  try {
    const { values: { out }, positionals } = parseArgs({
      args: [...Deno.args],
      options: { out: { type: "string" } },
      allowPositionals: true,
    });
    const report = await measure(positionals);
    const section = formatUdp(report);
    console.log(section.trimEnd());
    if (out !== undefined) await Deno.writeTextFile(out, section);
    else if (positionals.length === 0) {
      const page = path.join(ROOT, "docs", "scale.md");
      await Deno.writeTextFile(UDP, `${JSON.stringify(report, null, 2)}\n`);
      await Deno.writeTextFile(page, withUdp(await Deno.readTextFile(page), section, MEANING_HEADING));
    }
  } catch (error) {
    console.error(`udp: ${error instanceof Error ? error.message : error}`);
    Deno.exitCode = 1;
  }
}
