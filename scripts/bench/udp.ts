/**
 * Runs real programs over UDP: finds the highest rate at which the kernel's UDP loses nothing, and counts what is lost at
 * that rate under unsock, with a short and with a long queue.
 */
import * as path from "@std/path/posix";
import { statOrUndefined } from "../../lib/system/files.ts";
import { type Proc, run, start } from "../../tests/support/process.ts";
import { findProgram } from "../../tests/support/programs.ts";
import { until } from "../../tests/support/wait.ts";
import { compile, COMPILE_FLAGS, orderOf, output, ROOT, unsockEnvironment } from "./rig.ts";
import type { Server, Site, UdpProgram } from "./udp_programs.ts";

/** How long a measurement sends. */
export const SECONDS = 2;
export const ROUNDS = 3;
/** A step, or a start, that takes longer is ended. */
const PATIENCE_MS = 12_000;
const SEARCH_MS = 25_000;
const BISECTIONS = 3;
/** A client that needs so much longer, or sends so much less, does not keep the rate. */
const LATE_MS = 1500;
const LATE_TIMES = 1.3;
const KEPT = 0.9;
/** How long the last datagrams may be under way. */
const DRAIN_MS = 1000;

/** The datagrams of one or several runs, as the programs' own calls report them. */
export interface Count {
  readonly sent: number;
  /** Sent, and not received by any call. */
  readonly lost: number;
  /** Sends that failed with `EAGAIN`: no datagram was sent. */
  readonly refused: number;
}

/** What is measured in one column. */
export interface Column {
  readonly count: Count;
  /** How many of the rounds failed, and the last reason. */
  readonly failed: number;
  readonly reason?: string;
}

/** The measurements of one program. */
export interface UdpRow {
  readonly title: string;
  readonly unit: string;
  /** Undefined: none was found. */
  readonly rate?: number;
  /** The packages that are missing; then nothing was measured. */
  readonly missing?: string;
  /** By name of the way. */
  readonly columns: Readonly<Record<string, Column>>;
}

/** All of it, as it is kept in `docs/udp.json`. */
export interface UdpReport {
  readonly machine: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly rows: readonly UdpRow[];
}

/** A network of its own, and how programs are started in it. */
interface Way {
  readonly name: string;
  readonly holder: Proc;
  readonly env: Readonly<Record<string, string>>;
  /** Of the socket files; undefined: the programs are on the network. */
  readonly sockets?: string;
}

const WAYS = ["UDP", "unsock, 10", "unsock, 512"] as const;

/** What the steps share. */
export class UdpStage implements AsyncDisposable {
  readonly ways: Way[] = [];
  readonly #directory: string;
  readonly #sockets: string;
  #steps = 0;

  private constructor(directory: string, sockets: string) {
    this.#directory = directory;
    this.#sockets = sockets;
  }

  /**
   * Prepares the directories, the networks and the counter.
   *
   * @param directory An empty one, and `sockets` another one in memory: the caller removes both.
   * @throws {Error} when no network can be made, as for users other than root, or something does not compile.
   */
  static async make(directory: string, sockets: string): Promise<UdpStage> {
    const stage = new UdpStage(directory, sockets);
    const at = (name: string) => path.join(directory, name);
    await Deno.chmod(directory, 0o755);
    await Deno.copyFile(path.join(ROOT, "build", "libunsock.so"), at("libunsock.so"));
    await compile(at("count.so"), ["count_datagrams.c"], [...COMPILE_FLAGS, "-shared", "-fPIC"]);
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
    const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    await output(["openssl", "req", ...kind, "-keyout", at("key.pem"), "-out", at("cert.pem"), ...subject]);
    await Deno.writeTextFile(
      at("both.pem"),
      await Deno.readTextFile(at("cert.pem")) + await Deno.readTextFile(at("key.pem")),
    );
    try {
      for (const name of WAYS) stage.ways.push(await stage.#makeWay(name));
    } catch (error) {
      await stage[Symbol.asyncDispose]();
      throw error;
    }
    return stage;
  }

  async #makeWay(name: string): Promise<Way> {
    const length = name.endsWith(" 10") ? 10 : 512;
    const script =
      `ip link set lo up && echo ${length} >/proc/sys/net/unix/max_dgram_qlen && echo ready && exec sleep infinity`;
    const holder = start(["unshare", "--net", "sh", "-c", script]);
    let ended = false;
    holder.status.then(() => ended = true);
    await until("a network of its own", () => {
      if (ended) throw new Error(`no network of its own can be made (root can): ${holder.output()}`);
      return holder.output().includes("ready");
    }, PATIENCE_MS);
    const counter = path.join(this.#directory, "count.so");
    if (name === "UDP") return { name, holder, env: { LD_PRELOAD: counter } };
    const sockets = path.join(this.#sockets, `${length}`);
    await Deno.mkdir(sockets, { mode: 0o700 });
    const env = unsockEnvironment(path.join(this.#directory, "libunsock.so"), sockets);
    return { name, holder, env: { ...env, LD_PRELOAD: `${counter}:${env["LD_PRELOAD"]}` }, sockets };
  }

  /** Makes the place of one step. The caller removes its directory. */
  async site(rate: number): Promise<Site> {
    const at = (name: string) => path.join(this.#directory, name);
    const step = this.#steps++;
    const directory = at(`step${step}`);
    await Deno.mkdir(directory);
    await Deno.writeFile(path.join(directory, "counts"), new Uint8Array(24));
    const port = 6000 + 2 * step;
    const files = { certificate: at("cert.pem"), key: at("key.pem"), both: at("both.pem") };
    return { directory, port, backPort: port + 1, rate, seconds: SECONDS, ...files };
  }

  /** Returns the words that start a program in the way's network, with its variables. */
  command({ holder, env }: Way, { directory }: Site, [program = "", ...args]: readonly string[]): string[] {
    const variables = {
      HOME: this.#directory,
      LC_ALL: "C.UTF-8",
      TERM: "vt100",
      COUNTS: `${directory}/counts`,
      ...env,
    };
    const words = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
    const enter = ["nsenter", `--net=/proc/${holder.pid}/ns/net`, "env", ...words];
    return [...enter, findProgram(program) ?? program, ...args];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { holder } of this.ways) await holder[Symbol.asyncDispose]();
  }
}

/** True if the server's socket is there: on the network, or as a file. */
async function isBound({ holder, sockets }: Way, { type, port }: Server): Promise<boolean> {
  if (sockets !== undefined) {
    const file = path.join(sockets, type === "tcp" ? `${port}.sock` : `${port}.dgram.sock`);
    return statOrUndefined(file) !== undefined;
  }
  const table = await Deno.readTextFile(`/proc/${holder.pid}/net/${type}`);
  return table.includes(`:${port.toString(16).toUpperCase().padStart(4, "0")} 00000000:0000 `);
}

/** @returns The datagrams that the kernel's UDP has dropped, by the two tables of a network namespace. */
export function parseDropped(snmp: string, snmp6: string): number {
  const [names = [], values = []] = snmp.split("\n").filter((line) => line.startsWith("Udp:")).map((line) =>
    line.split(" ")
  );
  const old = names.map((name, i) => /Errors$/.test(name) ? Number(values[i]) : 0);
  const six = [...snmp6.matchAll(/^Udp6\w*Errors\s+(\d+)$/gm)].map(([, number]) => Number(number));
  return [...old, ...six].reduce((sum, number) => sum + number, 0);
}

async function readDropped({ holder }: Way): Promise<number> {
  const read = (name: string) => Deno.readTextFile(`/proc/${holder.pid}/net/${name}`);
  return parseDropped(await read("snmp"), await read("snmp6").catch(() => ""));
}

async function readCount({ directory }: Site): Promise<Count> {
  const bytes = new DataView((await Deno.readFile(path.join(directory, "counts"))).buffer);
  const [sent = 0, received = 0, refused = 0] = [0, 8, 16].map((at) => Number(bytes.getBigInt64(at, true)));
  return { sent, lost: sent - received, refused };
}

/** Waits until all is received, or until no datagram comes any more. */
async function drain(site: Site): Promise<Count> {
  const deadline = performance.now() + DRAIN_MS;
  let count = await readCount(site);
  while (count.lost !== 0 && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    count = await readCount(site);
  }
  return count;
}

/** One run of a program. */
interface Step {
  readonly count: Count;
  /** By the kernel's UDP. */
  readonly dropped: number;
  readonly milliseconds: number;
  /** The client's last words, if it failed. */
  readonly reason?: string;
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.replaceAll(/[^\x20-\x7e]|\|/g, " ").trim().slice(0, 120) ?? "";
}

async function runStep(stage: UdpStage, way: Way, program: UdpProgram, rate: number): Promise<Step> {
  const site = await stage.site(rate);
  try {
    await program.prepare?.(site);
    await using servers = new AsyncDisposableStack();
    for (const server of program.servers(site)) {
      const process = servers.use(start(stage.command(way, site, server.command), { cwd: site.directory }));
      let ended = false;
      process.status.then(() => ended = true);
      await until(`${server.command[0]} is bound`, () => {
        if (ended) throw new Error(`${server.command[0]} ended: ${lastLine(process.output())}`);
        return isBound(way, server);
      }, PATIENCE_MS);
    }
    const [before, begun] = [await readDropped(way), performance.now()];
    const client = stage.command(way, site, program.client(site));
    const { code, stdout, stderr } = await run(client, { cwd: site.directory, timeoutMs: PATIENCE_MS });
    const milliseconds = performance.now() - begun;
    const count = await drain(site);
    const reason = code === 0 ? {} : { reason: `status ${code}: ${lastLine(stderr || stdout)}` };
    return { count, dropped: await readDropped(way) - before, milliseconds, ...reason };
  } finally {
    await Deno.remove(site.directory, { recursive: true });
  }
}

/** True if nothing was lost, and the rate was kept. */
function isClean({ datagrams }: UdpProgram, rate: number, step: Step): boolean {
  const keeps = step.milliseconds <= SECONDS * 1000 * LATE_TIMES + LATE_MS;
  return step.reason === undefined && step.dropped === 0 && keeps &&
    step.count.sent >= KEPT * rate * SECONDS * datagrams;
}

function rounded(rate: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(rate)) - 1);
  return Math.max(1, Math.round(rate / unit) * unit);
}

/**
 * Finds the highest clean rate: doubles it, bisects, and tries the result once more.
 *
 * @param first The rate to begin with, and `most` the highest.
 * @param isOver True when the time is over: then the highest so far is the result.
 * @returns Undefined if no rate is clean.
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
  const { count, failed } = column ?? { count: { sent: 0, lost: 0, refused: 0 }, failed: 0 };
  const sum = {
    sent: count.sent + step.count.sent,
    lost: count.lost + step.count.lost,
    refused: count.refused + step.count.refused,
  };
  const reason = step.reason ?? column?.reason;
  return { count: sum, failed: failed + (step.reason === undefined ? 0 : 1), ...(reason !== undefined && { reason }) };
}

/** A run that hangs, or whose server does not start, is a result, too. */
async function tryStep(stage: UdpStage, way: Way, program: UdpProgram, rate: number): Promise<Step> {
  try {
    return await runStep(stage, way, program, rate);
  } catch (error) {
    const reason = lastLine(error instanceof Error ? error.message.split("; so far:")[0] ?? "" : `${error}`);
    return { count: { sent: 0, lost: 0, refused: 0 }, dropped: 0, milliseconds: 0, reason };
  }
}

/**
 * Measures one program, if it is installed.
 *
 * @param tell Is told each step.
 */
export async function measureUdp(stage: UdpStage, program: UdpProgram, tell: (text: string) => void): Promise<UdpRow> {
  const { title, unit, needs, packages } = program;
  const isThere = (name: string) => name.startsWith("/") ? statOrUndefined(name) : findProgram(name);
  const missing = needs.filter((name) => isThere(name) === undefined);
  if (missing.length > 0) return { title, unit, columns: {}, missing: `${missing.join(", ")} (${packages})` };
  const [udp] = stage.ways;
  if (udp === undefined) throw new Error("no network was made");
  const deadline = performance.now() + SEARCH_MS;
  let reason: string | undefined;
  const rate = await findHighest(program, async (rate) => {
    const step = await tryStep(stage, udp, program, rate);
    reason = step.reason;
    const clean = isClean(program, rate, step);
    tell(`${title}: ${rate} ${unit} over UDP: ${step.reason ?? (clean ? "nothing lost" : `${step.dropped} dropped`)}`);
    return clean;
  }, () => performance.now() > deadline);
  if (rate === undefined) {
    const count = { sent: 0, lost: 0, refused: 0 };
    return { title, unit, columns: { UDP: { count, failed: 1, ...(reason !== undefined && { reason }) } } };
  }
  const columns: Record<string, Column> = {};
  for (let round = 0; round < ROUNDS; round++) {
    for (const way of orderOf(stage.ways, round)) {
      const step = await tryStep(stage, way, program, rate);
      columns[way.name] = addColumn(columns[way.name], step);
      tell(`${title}: ${rate} ${unit}, ${way.name}: ${formatCount(step.count)} ${step.reason ?? ""}`);
    }
  }
  return { title, unit, rate, columns };
}

function grouped(number: number): string {
  return number.toLocaleString("en-US");
}

function formatCount({ sent, lost, refused }: Count): string {
  const share = lost > 0 && sent > 0 ? ` (${(lost / sent * 100).toPrecision(2)} %)` : "";
  return `${grouped(lost)} of ${grouped(sent)}${share}${refused > 0 ? `, ${grouped(refused)} \`EAGAIN\`` : ""}`;
}

function formatColumn(column: Column | undefined, rounds: number): string {
  if (column === undefined) return "";
  if (column.failed === rounds) return "failed";
  return formatCount(column.count) + (column.failed > 0 ? `, ${column.failed} of ${rounds} failed` : "");
}

const HEADING = "## Real programs over UDP";

/** @returns The section of the page, in Markdown. */
export function formatUdp({ machine, rounds, seconds, rows }: UdpReport): string {
  const measured = rows.filter(({ rate }) => rate !== undefined);
  const cells = measured.map((
    { title, unit, rate = 0, columns },
  ) => [title, `${grouped(rate)} ${unit}`, ...WAYS.map((way) => formatColumn(columns[way], rounds))]);
  const failures = rows.flatMap(({ title, columns }) =>
    Object.entries(columns).filter(([, { failed }]) => failed > 0).map(([way, { reason }]) =>
      `- ${title}: ${way} failed: ${reason}`
    )
  );
  const missing = rows.filter(({ missing }) => missing !== undefined).map(({ title, missing }) =>
    `- ${title}: not installed: ${missing}`
  );
  return [
    HEADING,
    "",
    "`deno task scale:udp` finds for each program the highest rate at which UDP over the loopback drops nothing and the client keeps up. At that rate it",
    `counts the datagrams that the programs send and do not receive: over UDP, and under unsock with queues of 10 and 512, in turn. It runs ${rounds} rounds of`,
    `${seconds} seconds (${machine}). Datagrams that are under way when a program ends count as lost in each column. With \`EAGAIN\` nothing was sent, and the`,
    "program may try again.",
    "",
    "| programs | rate | UDP: lost of sent | unsock, 10 | unsock, 512 |",
    "| --- | ---: | ---: | ---: | ---: |",
    ...cells.map((row) => `| ${row.join(" | ")} |`),
    "",
    ...(failures.length + missing.length > 0 ? [...failures, ...missing, ""] : []),
  ].join("\n");
}

/** Where the last measurement is kept. */
export const UDP = path.join(ROOT, "docs", "udp.json");

/** @returns The last measurement's section; an empty text: there was none. */
export async function lastUdp(): Promise<string> {
  const text = await Deno.readTextFile(UDP).catch(() => undefined);
  return text === undefined ? "" : formatUdp(JSON.parse(text));
}

/** @returns The page with this section in the place of an earlier one, or before the heading `before`. */
export function withUdp(page: string, section: string, before: string): string {
  const end = page.indexOf(`\n${before}\n`);
  if (end < 0) throw new Error(`no heading "${before}" in the page`);
  const at = page.indexOf(`\n${HEADING}\n`);
  return `${page.slice(0, at < 0 ? end : at).trimEnd()}\n\n${section.trimEnd()}\n${page.slice(end)}`;
}
