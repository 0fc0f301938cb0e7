/**
 * Runs real programs over UDP. Finds the highest rate at which the kernel's UDP loses nothing. Then counts the losses
 * at this rate under unsock, with a short and with a long queue.
 */
import * as path from "@std/path/posix";
import { statOrUndefined } from "../../lib/system/files.ts";
import { findProgram } from "../../tests/support/programs.ts";
import { orderOf, ROOT } from "./rig.ts";
import type { UdpProgram } from "./udp_programs.ts";
import { formatSpeeds, type Speed } from "./udp_speed.ts";
import { type Count, lastLine, runStep, SECONDS, type Step, type UdpStage, type Way, WAYS } from "./udp_stage.ts";

export const ROUNDS = 3;
const SEARCH_MS = 20_000;
/** After this time no further round of a program begins. */
const PROGRAM_MS = 60_000;
const BISECTIONS = 3;
/**
 * A client keeps the rate if it takes at most `LATE_TIMES` times as long as at the first rate, plus `LATE_MS`, and
 * sends at least the part `KEPT` of the rate's datagrams.
 */
const LATE_MS = 500;
const LATE_TIMES = 1.2;
const KEPT = 0.9;
export interface Column {
  readonly count: Count;
  readonly runs: number;
  /** How many runs failed, and the last reason. */
  readonly failed: number;
  readonly reason?: string;
}

export interface UdpRow {
  readonly title: string;
  readonly unit: string;
  /** Undefined if nothing was measured. */
  readonly rate?: number;
  /** False if no rate was found at which UDP loses nothing. The programs were then measured at the rate `first`. */
  readonly clean?: boolean;
  /** The missing programs and files, and their packages. If there are any, nothing is measured. */
  readonly missing?: string;
  /** The columns, by the name of the way. */
  readonly columns: Readonly<Record<string, Column>>;
}

/** All measurements, as `docs/udp.json` keeps them. */
export interface UdpReport {
  readonly machine: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly rows: readonly UdpRow[];
  readonly speeds?: readonly Speed[];
}

/** True if the kernel's UDP dropped nothing, the rate was kept, and the run took at most `most` milliseconds. */
function isClean({ datagrams }: UdpProgram, rate: number, step: Step, most: number): boolean {
  return step.reason === undefined && step.dropped === 0 && step.milliseconds <= most &&
    step.count.sent >= KEPT * rate * SECONDS * datagrams;
}

function rounded(rate: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(rate)) - 1);
  return Math.max(1, Math.round(rate / unit) * unit);
}

/**
 * Finds the highest clean rate: doubles the rate (or quarters it until it is clean), bisects, and tries the result once
 * more. If that try is not clean, returns four fifths of the result.
 *
 * @param range The rate to begin with (`first`), and the highest rate (`most`).
 * @param isOver True when the time is over. Then the highest clean rate so far is the result.
 * @returns The rate, or undefined if no rate is clean.
 */
export async function findHighest(
  { first, most }: { first: number; most: number },
  isCleanAt: (rate: number) => Promise<boolean>,
  isOver: () => boolean,
): Promise<number | undefined> {
  let [good, bad, left]: [number | undefined, number | undefined, number] = [undefined, undefined, BISECTIONS];
  let rate = first;
  while (!isOver()) {
    if (await isCleanAt(rate)) good = rate;
    else bad = rate;
    if (good === most || (bad === 1 && good === undefined)) break;
    if (good === undefined) rate = rounded(rate / 4);
    else if (bad === undefined) rate = Math.min(most, rate * 2);
    else if (left-- > 0) rate = rounded(Math.sqrt(good * bad));
    else break;
    if (rate === good || rate === bad) break;
  }
  if (good !== undefined && !isOver() && !await isCleanAt(good)) return rounded(good * 0.8);
  return good;
}

function addColumn(column: Column | undefined, step: Step): Column {
  const { count, runs, failed } = column ?? { count: { sent: 0, lost: 0, refused: 0 }, runs: 0, failed: 0 };
  const sum = {
    sent: count.sent + step.count.sent,
    lost: count.lost + step.count.lost,
    refused: count.refused + step.count.refused,
  };
  const reason = step.reason ?? column?.reason;
  const failures = failed + (step.reason === undefined ? 0 : 1);
  return { count: sum, runs: runs + 1, failed: failures, ...(reason !== undefined && { reason }) };
}

/** Runs a step. If the run hangs, or its server does not start, returns a step with the reason. */
async function tryStep(stage: UdpStage, way: Way, program: UdpProgram, rate: number): Promise<Step> {
  try {
    return await runStep(stage, way, program, rate);
  } catch (error) {
    const reason = lastLine(error instanceof Error ? error.message.split("; so far:")[0] ?? "" : `${error}`);
    return { count: { sent: 0, lost: 0, refused: 0 }, dropped: 0, milliseconds: 0, reason };
  }
}

/** Measures one program, if it is installed. `tell` shows each step. */
export async function measureUdp(stage: UdpStage, program: UdpProgram, tell: (text: string) => void): Promise<UdpRow> {
  const { title, unit, needs, packages } = program;
  const isThere = (name: string) => name.startsWith("/") ? statOrUndefined(name) : findProgram(name);
  const missing = needs.filter((name) => isThere(name) === undefined);
  if (missing.length > 0) return { title, unit, columns: {}, missing: `${missing.join(", ")} (${packages})` };
  const begun = performance.now();
  const found = await search(stage, program, tell);
  const rate = found ?? program.first;
  const columns: Record<string, Column> = {};
  for (let round = 0; round < ROUNDS && (round === 0 || performance.now() - begun < PROGRAM_MS); round++) {
    for (const way of orderOf(stage.ways, round)) {
      const step = await tryStep(stage, way, program, rate);
      columns[way.name] = addColumn(columns[way.name], step);
      tell(`${title}: ${rate} ${unit}, ${way.name}: ${formatCount(step.count)} ${step.reason ?? ""}`);
    }
  }
  return { title, unit, rate, clean: found !== undefined, columns };
}

/** Finds the program's highest clean rate over UDP, in limited time. */
async function search(
  stage: UdpStage,
  program: UdpProgram,
  tell: (text: string) => void,
): Promise<number | undefined> {
  const [udp] = stage.ways;
  if (udp === undefined) throw new Error("no network was made");
  const { title, unit } = program;
  const deadline = performance.now() + SEARCH_MS;
  let most: number | undefined;
  return await findHighest(program, async (rate) => {
    const step = await tryStep(stage, udp, program, rate);
    most ??= step.milliseconds * LATE_TIMES + LATE_MS;
    const clean = isClean(program, rate, step, most);
    const result = step.reason ?? (clean ? "nothing lost" : `${step.dropped} dropped of ${step.count.sent}`);
    tell(`${title}: ${rate} ${unit} over UDP, ${Math.round(step.milliseconds)} ms: ${result}`);
    return clean;
  }, () => performance.now() > deadline);
}

function grouped(number: number): string {
  return number.toLocaleString("en-US");
}

function formatCount({ sent, lost, refused }: Count): string {
  const share = lost > 0 && sent > 0 ? ` (${(lost / sent * 100).toPrecision(2)} %)` : "";
  return `${grouped(lost)} of ${grouped(sent)}${share}${refused > 0 ? `, ${grouped(refused)} \`EAGAIN\`` : ""}`;
}

function formatColumn(column: Column | undefined): string {
  if (column === undefined) return "";
  const { count, runs, failed } = column;
  return failed === runs ? "failed" : formatCount(count) + (failed > 0 ? `, ${failed} of ${runs} failed` : "");
}

const HEADING = "## Real programs over UDP";

export function formatUdp({ machine, rounds, seconds, rows, speeds = [] }: UdpReport): string {
  const measured = rows.filter(({ rate }) => rate !== undefined);
  const cells = measured.map((
    { title, unit, rate = 0, columns },
  ) => [title, `${grouped(rate)} ${unit}`, ...WAYS.map((way) => formatColumn(columns[way]))]);
  const failures = rows.flatMap(({ title, columns }) =>
    Object.entries(columns).filter(([, { failed }]) => failed > 0).map(([way, { reason }]) =>
      `- ${title}: ${way} failed: ${reason}`
    )
  );
  const lossy = rows.filter(({ clean }) => clean === false).map(({ title }) =>
    `- ${title}: no rate was found at which UDP drops nothing and the client keeps up: measured at the first one tried`
  );
  const missing = rows.filter(({ missing }) => missing !== undefined).map(({ title, missing }) =>
    `- ${title}: not installed: ${missing}`
  );
  const notes = [...lossy, ...failures, ...missing];
  return [
    HEADING,
    "",
    "`deno task scale:udp` finds for each program the highest rate at which UDP over the loopback drops nothing and the client keeps up. At that rate it",
    `counts the datagrams that the programs send and do not receive: over UDP, and under unsock with queues of 10 and 512, in turn. It runs at most ${rounds} rounds of`,
    `${seconds} seconds (${machine}). Datagrams that are under way when a program ends count as lost in each column. With \`EAGAIN\` nothing was sent, and the`,
    "program may try again.",
    "",
    "| programs | rate | UDP: lost of sent | unsock, 10 | unsock, 512 |",
    "| --- | ---: | ---: | ---: | ---: |",
    ...cells.map((row) => `| ${row.join(" | ")} |`),
    "",
    ...(notes.length > 0 ? [...notes, ""] : []),
    ...formatSpeeds(speeds),
  ].join("\n");
}

/** The file with the last measurement. */
export const UDP = path.join(ROOT, "docs", "udp.json");

/** @returns The last measurement, or undefined if there is none. */
export async function readUdp(): Promise<UdpReport | undefined> {
  const text = await Deno.readTextFile(UDP).catch(() => undefined);
  return text === undefined ? undefined : JSON.parse(text);
}

/** @returns The section of the last measurement, or "" if there is none. */
export async function lastUdp(): Promise<string> {
  const report = await readUdp();
  return report === undefined ? "" : formatUdp(report);
}

/** @returns The page with this section in place of an earlier one, or before the heading `before`. */
export function withUdp(page: string, section: string, before: string): string {
  const end = page.indexOf(`\n${before}\n`);
  if (end < 0) throw new Error(`no heading "${before}" in the page`);
  const at = page.indexOf(`\n${HEADING}\n`);
  return `${page.slice(0, at < 0 ? end : at).trimEnd()}\n\n${section.trimEnd()}\n${page.slice(end)}`;
}
