/**
 * Shows unsock with real programs: an HTTP server and a client that only know TCP communicate over a Unix socket.
 * Checks each statement that it prints, and exits with 1 if one is wrong.
 *
 * Usage: `deno task demo`. UNSOCK_TEST_BINARY names a compiled unsock to show instead of the source.
 */
import * as path from "@std/path/posix";
import { build } from "./build.ts";
import { freePort, listeningPorts } from "./demo/listeners.ts";

const ROOT = path.join(import.meta.dirname ?? ".", "..");
const BULK = 96 * 1024 * 1024;
const ROUNDS = 3;
const TIMEOUT_MS = 15_000;

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly length: number;
  readonly bytesPerSecond: number;
}

function say(label: string, text: string): void {
  console.log(`${label.padEnd(12)}${text}`);
}

function claim(condition: boolean, what: string): void {
  if (!condition) throw new Error(`not as claimed: ${what}`);
}

/** Returns the words that put a command under unsock; none if `directory` is undefined: the command stays on TCP. */
function underUnsock(directory: string | undefined): string[] {
  if (directory === undefined) return [];
  const binary = Deno.env.get("UNSOCK_TEST_BINARY");
  const unsock = binary ? [binary] : [Deno.execPath(), "run", "-A", path.join(ROOT, "main.ts")];
  return [...unsock, "run", "--dir", directory, "--mode", "600", "--"];
}

function command(directory: string | undefined, words: readonly string[]): Deno.Command {
  const [program = "", ...args] = [...underUnsock(directory), ...words];
  // A proxy would refuse requests for 127.0.0.1.
  const env = { NO_PROXY: "127.0.0.1", no_proxy: "127.0.0.1", NO_COLOR: "1" };
  return new Deno.Command(program, { args, env, stdin: "piped", stdout: "piped", stderr: "inherit" });
}

const script = (name: string, argument: string) => [
  Deno.execPath(),
  "run",
  "-A",
  "--no-config",
  path.join(ROOT, "scripts", "demo", name),
  argument,
];

class Server implements AsyncDisposable {
  private constructor(readonly port: number, readonly process: Deno.ChildProcess) {}

  static async start(directory: string | undefined, port: number): Promise<Server> {
    const process = command(directory, script("server.ts", `${port}`)).spawn();
    const reader = process.stdout.getReader();
    const timer = setTimeout(() => process.kill("SIGKILL"), TIMEOUT_MS);
    const { value } = await reader.read();
    clearTimeout(timer);
    await reader.cancel();
    const answered = Number(new TextDecoder().decode(value).trim());
    if (!(answered > 0)) throw new Error("the server did not start");
    return new Server(answered, process);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const timer = setTimeout(() => this.process.kill("SIGKILL"), TIMEOUT_MS);
    await this.process.stdin.close().catch(() => {});
    await this.process.status;
    clearTimeout(timer);
  }
}

async function outputOf(directory: string | undefined, words: readonly string[]): Promise<string> {
  const process = command(directory, words).spawn();
  const timer = setTimeout(() => process.kill("SIGKILL"), TIMEOUT_MS);
  await process.stdin.close();
  const output = await process.output();
  clearTimeout(timer);
  if (!output.success) throw new Error(`${words.join(" ")}: ended with ${output.signal ?? output.code}`);
  return new TextDecoder().decode(output.stdout);
}

async function get(directory: string | undefined, url: string): Promise<Answer> {
  return JSON.parse(await outputOf(directory, script("client.ts", url)));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function formatRate(bytesPerSecond: number): string {
  return `${(bytesPerSecond / 1e6).toFixed(0)} MB/s`;
}

/** Measures both rates in turn, so that other load on the machine affects both alike. */
async function compareRates(measureTcp: () => Promise<number>, measureUnix: () => Promise<number>): Promise<string> {
  const [tcp, unix]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    tcp.push(await measureTcp());
    unix.push(await measureUnix());
  }
  const ratio = (median(unix) / median(tcp)).toFixed(2);
  return `TCP loopback ${formatRate(median(tcp))}, unsock ${
    formatRate(median(unix))
  }: ${ratio} times (median of ${ROUNDS})`;
}

async function ownerName(uid: number | null): Promise<string> {
  const users = await Deno.readTextFile("/etc/passwd").catch(() => "");
  return users.split("\n").map((line) => line.split(":")).find((fields) => fields[2] === `${uid}`)?.[0] ??
    `user ${uid}`;
}

async function showSocketFile(file: string): Promise<void> {
  const status = await Deno.stat(file); // follows the link to the socket's own file
  claim(status.isSocket === true, `${file} is a socket`);
  const mode = ((status.mode ?? 0) & 0o777).toString(8).padStart(4, "0");
  claim(mode === "0600", `${file} has mode 0600, not ${mode}`);
  say("socket", `${file}, owner ${await ownerName(status.uid)}, mode ${mode}`);
}

async function showHttp(directory: string): Promise<void> {
  const port = freePort(8080);
  const url = `http://127.0.0.1:${port}`;
  say("asked", `GET ${url}/ by fetch, served by Deno.serve on 127.0.0.1:${port}, both under "unsock run"`);
  const file = path.join(directory, `${port}.sock`);
  {
    await using _server = await Server.start(directory, port);
    await showSocketFile(file);
    claim(!listeningPorts().has(port), `no TCP socket listens on ${port}`);
    say("network", `nothing listens on TCP port ${port} (/proc/net/tcp, /proc/net/tcp6)`);
    const answer = await get(directory, `${url}/`);
    claim(
      answer.status === 200 && answer.text.startsWith("hello, 127.0.0.1"),
      `the answer is ${JSON.stringify(answer)}`,
    );
    say("answer", `${answer.status} "${answer.text.trim()}"`);
    await using reference = await Server.start(undefined, 0);
    const measure = async (where: string | undefined, port: number) => {
      const { length, bytesPerSecond } = await get(where, `http://127.0.0.1:${port}/bytes/${BULK}`);
      claim(length === BULK, `${BULK} bytes arrive, not ${length}`);
      return bytesPerSecond;
    };
    const rates = await compareRates(() => measure(undefined, reference.port), () => measure(directory, port));
    say("HTTP", `${BULK >> 20} MiB: ${rates}`);
  }
  claim(!await Deno.lstat(file).then(() => true, () => false), `${file} is gone with its server`);
  say("afterwards", "the server has ended, its socket file is gone");
}

async function hasIperf(): Promise<boolean> {
  try {
    // iperf is installed if it starts: some versions exit with 1 after --version.
    await new Deno.Command("iperf", { args: ["--version"], stdout: "null", stderr: "null" }).output();
    return true;
  } catch {
    return false; // it is not installed
  }
}

async function iperfRate(directory: string | undefined): Promise<number> {
  const port = `${freePort(5001)}`;
  const server = command(directory, ["iperf", "-s", "-p", port]).spawn();
  try {
    const reader = server.stdout.getReader();
    await reader.read(); // "Server listening on …"
    await reader.cancel();
    const report = await outputOf(directory, ["iperf", "-c", "127.0.0.1", "-p", port, "-t", "1", "-y", "C"]);
    const bitsPerSecond = Number(report.trim().split("\n").at(-1)?.split(",")[8]);
    claim(bitsPerSecond > 0, `iperf reports a transfer: ${report}`);
    return bitsPerSecond / 8;
  } finally {
    server.kill("SIGKILL");
    await server.status;
    await server.stdin.close().catch(() => {});
  }
}

async function showIperf(directory: string): Promise<void> {
  if (!await hasIperf()) return say("iperf", "not installed here (apt-get install iperf)");
  say("iperf", await compareRates(() => iperfRate(undefined), () => iperfRate(directory)));
}

/**
 * Prints a line if other programs distort the rates. The load average may be one above the number of processors, as it
 * still includes the build.
 */
function showLoad(): void {
  const [load = 0] = Deno.loadavg();
  const processors = navigator.hardwareConcurrency;
  if (load <= processors + 1) return;
  const programs = `${load.toFixed(0)} programs share ${processors} processors`;
  say("load", `${programs}, so these rates say little: docs/bench.md has those of a quiet machine`);
}

async function demo(): Promise<void> {
  await build([]);
  const directory = await Deno.makeTempDir({ prefix: "unsock-demo-" });
  try {
    await showHttp(directory);
    await showIperf(directory);
    showLoad();
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

if (import.meta.main) {
  try {
    await demo();
  } catch (error) {
    console.error(`demo: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
