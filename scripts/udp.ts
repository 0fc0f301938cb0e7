/**
 * Measures how many datagrams real programs lose over UDP and under unsock, and writes the section of `docs/scale.md`
 * about it.
 *
 * Usage: `deno task scale:udp [NAME…] [--speed] [--out FILE]`, as root, on a quiet machine; takes some ten minutes.
 * With names (of `scripts/bench/udp_programs.ts`) it measures only these programs, and writes only to FILE. With
 * `--speed` it measures only the throughput of WireGuard and QUIC, and NAME is a name of `scripts/bench/udp_speed.ts`:
 * all results that it does not measure stay in the section.
 */
import * as path from "@std/path/posix";
import { parseArgs } from "node:util";
import { describeMachine, otherWork } from "./bench/machine.ts";
import { ROOT } from "./bench/rig.ts";
import { makeInMemory } from "./bench/rig_life.ts";
import { MEANING_HEADING } from "./bench/scale_page.ts";
import {
  formatUdp,
  measureUdp,
  readUdp,
  ROUNDS,
  UDP,
  type UdpReport,
  type UdpRow,
  withUdp,
} from "./bench/udp_losses.ts";
import { UDP_PROGRAMS } from "./bench/udp_programs.ts";
import { measureSpeeds, mergeSpeeds, SPEED_NAMES } from "./bench/udp_speed.ts";
import { SECONDS, UdpStage } from "./bench/udp_stage.ts";
import { build } from "./build.ts";
import { tellStep } from "./progress.ts";

async function withStage<T>(use: (stage: UdpStage) => Promise<T>): Promise<T> {
  const directory = await Deno.makeTempDir({ prefix: "unsock-udp-" });
  const sockets = await makeInMemory();
  try {
    await build([]);
    await using stage = await UdpStage.make(directory, sockets);
    return await use(stage);
  } finally {
    await Deno.remove(directory, { recursive: true });
    await Deno.remove(sockets, { recursive: true });
  }
}

async function measure(names: readonly string[], speed: boolean): Promise<UdpReport> {
  const known = speed ? SPEED_NAMES : UDP_PROGRAMS.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`${unknown}: there are ${known.join(", ")}`);
  const beside = otherWork();
  const machine = [await describeMachine(), beside].filter(Boolean).join("; ");
  const last = await readUdp();
  if (speed && last === undefined) throw new Error("--speed needs docs/udp.json: run it once without --speed");
  return await withStage(async (stage) => {
    if (speed && last !== undefined) {
      const note = beside === undefined ? {} : { note: `${new Date().toISOString().slice(0, 10)}, ${beside}` };
      const speeds = (await measureSpeeds(stage, names, tellStep)).map((one) => ({ ...one, ...note }));
      return { ...last, speeds: mergeSpeeds(last.speeds ?? [], speeds) };
    }
    const rows: UdpRow[] = [];
    for (const program of UDP_PROGRAMS) {
      if (names.length === 0 || names.includes(program.name)) rows.push(await measureUdp(stage, program, tellStep));
    }
    const speeds = names.length === 0 ? await measureSpeeds(stage, [], tellStep) : [];
    return { machine, rounds: ROUNDS, seconds: SECONDS, rows, speeds };
  });
}

if (import.meta.main) {
  try {
    const { values: { out, speed }, positionals } = parseArgs({
      args: [...Deno.args],
      options: { out: { type: "string" }, speed: { type: "boolean", default: false } },
      allowPositionals: true,
    });
    const report = await measure(positionals, speed);
    const section = formatUdp(report);
    console.log(section.trimEnd());
    if (out !== undefined) await Deno.writeTextFile(out, section);
    else if (positionals.length === 0 || speed) {
      const page = path.join(ROOT, "docs", "scale.md");
      await Deno.writeTextFile(UDP, `${JSON.stringify(report, null, 2)}\n`);
      await Deno.writeTextFile(page, withUdp(await Deno.readTextFile(page), section, MEANING_HEADING));
    }
  } catch (error) {
    console.error(`udp: ${error instanceof Error ? error.message : error}`);
    Deno.exitCode = 1;
  }
}
