/** The networks in which programs are measured over UDP and under unsock, and one run of a program there. */
import * as path from "@std/path/posix";
import { statOrUndefined } from "../../lib/system/files.ts";
import { type Proc, run, start } from "../../tests/support/process.ts";
import { findProgram } from "../../tests/support/programs.ts";
import { until } from "../../tests/support/wait.ts";
import { compile, COMPILE_FLAGS, output, ROOT, unsockEnvironment } from "./rig.ts";
import type { Server, Site, UdpProgram } from "./udp_programs.ts";

/** How long a measurement sends datagrams. */
export const SECONDS = 2;
/** A run or a start that takes longer is killed. */
const PATIENCE_MS = 12_000;
/** How long the last datagrams may be in transit. */
const DRAIN_MS = 1000;

/** The datagrams of one or several runs, as the programs' own calls report them. */
export interface Count {
  readonly sent: number;
  /** Datagrams that were sent, but that no call has received. */
  readonly lost: number;
  /** Sends that failed with `EAGAIN`: no datagram was sent. */
  readonly refused: number;
}

/** A network namespace, and how programs are started in it, over UDP or under unsock. */
export interface Way {
  readonly name: string;
  readonly holder: Proc;
  readonly env: Readonly<Record<string, string>>;
  /** The directory of the socket files, or undefined if the programs use UDP itself. */
  readonly sockets?: string;
}

export const WAYS = ["UDP", "unsock, 10", "unsock, 512"] as const;

/** The networks and tools that all steps share. */
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
   * Prepares the directories, the networks and the library that counts datagrams.
   *
   * @param directory An empty directory. The caller removes it.
   * @param sockets Another empty directory, in memory. The caller removes it.
   * @throws {Error} When no network can be made, which only root may, or something does not compile.
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

  /** Makes the directory of one step, and chooses its ports. The caller removes the directory. */
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

  /** Returns the words that start a program in the way's network, with the way's variables. */
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

/** True if the server's socket exists: on the network, or as a file. */
async function isBound({ holder, sockets }: Way, { type, port }: Server): Promise<boolean> {
  if (sockets !== undefined) {
    const file = path.join(sockets, type === "tcp" ? `${port}.sock` : `${port}.dgram.sock`);
    return statOrUndefined(file) !== undefined;
  }
  const table = await Deno.readTextFile(`/proc/${holder.pid}/net/${type}`);
  return table.includes(`:${port.toString(16).toUpperCase().padStart(4, "0")} 00000000:0000 `);
}

/** @returns The number of datagrams that the kernel's UDP has dropped, by the two tables of a network namespace. */
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
  // A thread that is cancelled at the end may have sent a datagram that it has not counted (iperf3).
  return { sent, lost: Math.max(0, sent - received), refused };
}

/** Waits until all datagrams are received, or until the time for the last ones is over. */
async function drain(site: Site): Promise<Count> {
  const deadline = performance.now() + DRAIN_MS;
  let count = await readCount(site);
  while (count.lost !== 0 && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    count = await readCount(site);
  }
  return count;
}

export interface Step {
  readonly count: Count;
  /** Datagrams that the kernel's UDP has dropped. */
  readonly dropped: number;
  readonly milliseconds: number;
  /** The client's last words, if it failed. */
  readonly reason?: string;
}

/** @returns The last line, without characters that a table's cell cannot have. */
export function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.replaceAll(/[^\x20-\x7e]|\|/g, " ").trim().slice(0, 120) ?? "";
}

/**
 * Runs a program once: its servers, then its client to the end.
 *
 * @throws {Error} when a server does not start, or the client hangs.
 */
export async function runStep(stage: UdpStage, way: Way, program: UdpProgram, rate: number): Promise<Step> {
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
