/**
 * Measures fronts, `unsock expose` among them, which make a server on a Unix socket reachable at a TCP port. They take
 * turns, round by round. Writes the section of `docs/which-tool.md` about them.
 *
 * Usage: `deno task bench:fronts [ROUNDS]`, with socat and systemd installed.
 */
import * as path from "@std/path/posix";
import { compareFronts, freePort, TICKS_PER_SECOND } from "./bench/front_rounds.ts";
import { formatNumber } from "./bench/report.ts";
import { output, ROOT } from "./bench/rig.ts";
import { quantile, ratio } from "./bench/stats.ts";

const ROUNDS = 11;
const MEGABYTES = 512;
const CONNECTIONS = 1000;
const HELD = 1000;
const PORT = 3000;
const HEADING = "## A TCP port in front of a Unix socket";
const PATIENCE_MS = 10_000;

interface Front {
  readonly name: string;
  readonly command: (directory: string, port: number) => string[];
}

/** The fronts. Each makes the server's socket file reachable at a TCP port. */
const FRONTS: readonly Front[] = [
  {
    name: "`unsock expose`",
    command: (directory, port) => [
      path.join(ROOT, "build", "libunsock.so"),
      ..."expose --dir".split(" "),
      directory,
      `${PORT}=${port}`,
    ],
  },
  {
    name: "`socat` (`fork`)",
    command: (directory, port) => [
      "socat",
      `TCP-LISTEN:${port},bind=127.0.0.1,reuseaddr,fork,backlog=4096`,
      `UNIX-CONNECT:${directory}/${PORT}.sock`,
    ],
  },
  {
    name: "`systemd-socket-proxyd`",
    command: (directory, port) => [
      "systemd-socket-activate",
      "-l",
      `127.0.0.1:${port}`,
      "/usr/lib/systemd/systemd-socket-proxyd",
      "--connections-max=4096",
      `${directory}/${PORT}.sock`,
    ],
  },
];

/** Measurements of one front, a number for each round. */
interface Measured {
  readonly throughput: number[];
  /** The front's processor seconds for each gigabyte. */
  readonly processor: number[];
  readonly connections: number[];
  readonly held: number[];
  readonly late: boolean[];
  readonly listensAfterwards: boolean[];
}

async function isListening(port: number): Promise<boolean> {
  const state = await Deno.readTextFile("/proc/net/tcp");
  return state.includes(` 0100007F:${port.toString(16).toUpperCase().padStart(4, "0")} 00000000:0000 0A `);
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!await isSo()) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Returns the processor time of a process and of its children that have ended. */
async function processorSeconds(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 15);
  return fields.reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND;
}

async function measure(front: Front, client: string, directory: string, into: Measured): Promise<void> {
  const port = freePort();
  const [command = "", ...args] = front.command(directory, port);
  const process = new Deno.Command(command, { args, stdin: "null", stdout: "null", stderr: "null" }).spawn();
  try {
    await until(`${front.name} listens`, () => isListening(port));
    const ask = (kind: string, count: number) => output([client, kind, `${port}`, `${count}`]).then(Number);
    await ask("E", 1);
    const before = await processorSeconds(process.pid);
    into.throughput.push(MEGABYTES / await ask("T", MEGABYTES));
    // The kernel adds a child's time to its parent's only when the child has ended.
    await new Promise((resolve) => setTimeout(resolve, 100));
    into.processor.push((await processorSeconds(process.pid) - before) * 1024 / MEGABYTES);
    into.connections.push(CONNECTIONS / await ask("E", CONNECTIONS));
    into.held.push(await ask("H", HELD));
    into.late.push(await ask("L", 0).then(() => true, () => false));
  } finally {
    process.kill("SIGTERM");
    await process.status;
  }
  into.listensAfterwards.push(await isListening(port));
}

function format(measured: readonly Measured[], rounds: number, machine: string): string {
  const base = measured[0];
  const cell = (values: readonly number[], bases: readonly number[] = []) =>
    `${formatNumber(quantile(values, 0.5))} | ${ratio(values, bases).median.toFixed(2)}`;
  const rows = measured.map((one, index) => {
    const all = (values: readonly boolean[], wanted: boolean) => values.every((value) => value === wanted);
    return [
      FRONTS[index]?.name ?? "",
      cell(one.throughput, base?.throughput),
      quantile(one.processor, 0.5).toFixed(2),
      cell(one.connections, base?.connections),
      `${formatNumber(Math.min(...one.held))} of ${formatNumber(HELD)}`,
      all(one.late, true) ? "arrives" : "is lost",
      all(one.listensAfterwards, false) ? "nobody" : "somebody",
    ].join(" | ");
  });
  return [
    HEADING,
    "",
    `\`deno task bench:fronts\` puts each in front of the same server, ${rounds} rounds in turn (${machine}).`,
    `It measures ${MEGABYTES} MB from one client, ${
      formatNumber(CONNECTIONS)
    } connections one after the other with a byte each way, and ${
      formatNumber(HELD)
    } at once. Then an answer comes a second after the`,
    "client's half-close. After each rate comes its ratio to the first line's rate, the median of the rounds.",
    "",
    "| | MB/s | | processor s/GB | connections/s | | answered of those held | late answer | listens after its end |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...rows.map((row) => `| ${row} |`),
    "",
  ].join("\n");
}

if (import.meta.main) {
  await compareFronts("fronts", HEADING, ROUNDS, async (dir) => {
    const client = path.join(dir, "front");
    const flags = "-std=c17 -D_GNU_SOURCE -O2 -pthread -o".split(" ");
    await output(["cc", ...flags, client, path.join(ROOT, "bench", "front.c")]);
    return {
      server: new Deno.Command(client, { args: ["serve", path.join(dir, `${PORT}.sock`)] }).spawn(),
      fronts: FRONTS,
      room: (): Measured => ({
        throughput: [],
        processor: [],
        connections: [],
        held: [],
        late: [],
        listensAfterwards: [],
      }),
      measure: (front: Front, into: Measured) => measure(front, client, dir, into),
      format,
    };
  });
}
