/**
 * Measures `unsock expose --http`, on Deno as `install` starts it and on Node.js from the npm package, beside nginx as a
 * proxy to the same socket file, round by round in turn, and writes the section of `docs/which-tool.md` about that.
 *
 * Usage: `deno task bench:http [ROUNDS]`, with nginx, ab (apache2-utils) and npm installed.
 */
import { SMALL_HEAP } from "../lib/system/heap.ts";
import * as path from "@std/path/posix";
import { compareFronts, freePort, TICKS_PER_SECOND } from "./bench/fronts.ts";
import { output, ROOT } from "./bench/rig.ts";
import { quantile } from "./bench/stats.ts";
import { bundleProgram } from "./dist/bundle.ts";

const ROUNDS = 3;
const REQUESTS = 10_000;
const AT_ONCE = 8;
const HEADING = "## HTTP by name, in front of a Unix socket";
const PATIENCE_MS = 60_000;
const HOST = "bench.localhost";
const LIBRARY = path.join(ROOT, "build", "libunsock.so");

interface Place {
  /** Where all is. */
  readonly stage: string;
  readonly socket: string;
  readonly port: number;
}

interface Front {
  readonly name: string;
  /** @returns The command, after its configuration was written. */
  readonly command: (place: Place) => string[];
}

const NGINX = "user root; daemon off; pid STAGE/nginx.pid; error_log /dev/null; worker_processes 1; events {}\n" +
  "http { access_log off; client_body_temp_path STAGE/a; proxy_temp_path STAGE/b; fastcgi_temp_path STAGE/c;\n" +
  "uwsgi_temp_path STAGE/d; scgi_temp_path STAGE/e; keepalive_requests 1000000; server { BODY } }\n";

function nginx({ stage }: Place, name: string, body: string): string[] {
  const file = `${stage}/${name}.conf`;
  const text = NGINX.replaceAll("STAGE", stage).replace("nginx.pid", `${name}.pid`).replace("BODY", body);
  Deno.writeTextFileSync(file, text);
  return ["nginx", "-p", stage, "-c", file];
}

/** Returns the directory of the npm package. */
function packageIn(stage: string): string {
  return `${stage}/node_modules/unsock`;
}

/** Makes what `npm install unsock` installs, as far as the command needs it. */
async function installPackage(stage: string): Promise<void> {
  await bundleProgram(packageIn(stage));
  const machine = `${packageIn(stage)}-linux-${Deno.build.arch === "aarch64" ? "arm64" : "x64"}`;
  await Deno.mkdir(`${machine}/lib`, { recursive: true });
  await Deno.writeTextFile(`${machine}/package.json`, "{}");
  await Deno.copyFile(LIBRARY, `${machine}/lib/libunsock.so`);
}

function fronts(node: string): readonly Front[] {
  return [
    {
      name: "`unsock expose --http` (Deno)",
      // As `install` starts it.
      command: ({ port }) => [
        ...[Deno.execPath(), "run", "-A", `--v8-flags=${SMALL_HEAP}`, `${ROOT}/main.ts`],
        ...["expose", "--http", `${port}`],
      ],
    },
    {
      name: "`unsock expose --http` (Node.js)",
      command: ({ stage, port }) => [node, `${packageIn(stage)}/bin/unsock.js`, "expose", "--http", `${port}`],
    },
    {
      name: "nginx",
      command: (place) =>
        nginx(
          place,
          "front",
          `listen 127.0.0.1:${place.port}; location / { proxy_pass http://unix:${place.socket}; proxy_set_header Host $host; }`,
        ),
    },
  ];
}

/** Measurements of one front, a number a round. */
interface Measured {
  readonly firstAnswerMs: number[];
  readonly kept: number[];
  readonly keptMs: number[];
  readonly fresh: number[];
  readonly freshMs: number[];
  readonly megabytes: number[];
}

/** Every process of a front: nginx has a child. */
function family(pid: number): number[] {
  const children = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim().split(" ").filter(Boolean);
  return [pid, ...children.flatMap((child) => family(Number(child)))];
}

function processorMs(pids: readonly number[]): number {
  const ticks = pids.map((pid) => {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    const [user, system] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 13);
    return Number(user) + Number(system);
  });
  return ticks.reduce((sum, one) => sum + one, 0) * 1000 / TICKS_PER_SECOND;
}

function megabytes(pids: readonly number[]): number {
  const sizes = pids.map((pid) => {
    const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`)) ?? [];
    return Number(kilobytes) / 1024;
  });
  return sizes.reduce((sum, one) => sum + one, 0);
}

/** True once the front has answered as the server does. */
async function isAnswered(port: number): Promise<boolean> {
  try {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(new TextEncoder().encode(`GET / HTTP/1.1\r\nHost: ${HOST}:${port}\r\n\r\n`));
    const buffer = new Uint8Array(4096);
    const count = await connection.read(buffer) ?? 0;
    return new TextDecoder().decode(buffer.subarray(0, count)).startsWith("HTTP/1.1 200");
  } catch {
    return false; // no listener yet
  }
}

/** Returns how long 10,000 requests took, in seconds. */
async function ask(port: number, ...more: string[]): Promise<number> {
  const words = ["-q", "-n", `${REQUESTS}`, "-c", `${AT_ONCE}`, ...more, "-H", `Host: ${HOST}:${port}`];
  // It may take minutes beside other work.
  const { stdout, stderr } = await new Deno.Command("ab", { args: [...words, `http://127.0.0.1:${port}/`] }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  const failed = /^Failed requests:\s+(\d+)/m.exec(text)?.[1] ?? "?";
  if (failed !== "0" || text.includes("Non-2xx")) throw new Error(`ab: ${failed} requests failed:\n${text}`);
  return Number(/^Time taken for tests:\s+([\d.]+)/m.exec(text)?.[1]);
}

async function measure(front: Front, place: Place, into: Measured): Promise<void> {
  const [command = "", ...args] = front.command(place);
  const env = { XDG_RUNTIME_DIR: place.stage, HOME: place.stage };
  const start = performance.now();
  const process = new Deno.Command(command, { args, env, stdin: "null", stdout: "null", stderr: "null" }).spawn();
  try {
    while (!await isAnswered(place.port)) {
      if (performance.now() - start > PATIENCE_MS) throw new Error(`${front.name} does not answer`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    into.firstAnswerMs.push(performance.now() - start);
    const pids = family(process.pid);
    const spent = async (...more: string[]) => {
      const before = processorMs(pids);
      const seconds = await ask(place.port, ...more);
      return [REQUESTS / seconds, (processorMs(pids) - before) / REQUESTS] as const;
    };
    const [kept, keptMs] = await spent("-k");
    into.megabytes.push(megabytes(pids));
    const [fresh, freshMs] = await spent();
    into.kept.push(kept);
    into.keptMs.push(keptMs);
    into.fresh.push(fresh);
    into.freshMs.push(freshMs);
  } finally {
    process.kill("SIGTERM");
    await process.status;
  }
}

function format(measured: readonly Measured[], names: readonly string[], rounds: number, machine: string): string {
  const middle = (values: readonly number[], digits: number) => quantile(values, 0.5).toFixed(digits);
  const rows = measured.map((one, index) =>
    [
      names[index] ?? "",
      middle(one.kept, 0),
      middle(one.keptMs, 2),
      middle(one.fresh, 0),
      middle(one.freshMs, 2),
      middle(one.megabytes, 0),
      middle(one.firstAnswerMs, 0),
    ].join(" | ")
  );
  return [
    HEADING,
    "",
    `\`deno task bench:http\` puts each in front of nginx at the same socket file, ${rounds} rounds in turn (${machine}).`,
    "`unsock` runs as `install` starts it on Deno, and from the npm package on Node.js 22.",
    `\`ab\` sends ${
      REQUESTS.toLocaleString("en")
    } requests, ${AT_ONCE} at a time, on connections that stay open and on new ones. Numbers are medians of the rounds. The memory is the resident set`,
    "(VmRSS) after the first 10,000 requests; the time of the first answer is from the command's start.",
    "",
    "| | requests/s kept | processor ms each | requests/s new | processor ms each | MB | first answer ms |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...rows.map((row) => `| ${row} |`),
    "",
  ].join("\n");
}

if (import.meta.main) {
  await compareFronts("fronts_http", HEADING, ROUNDS, async (stage) => {
    const all = fronts((await output(["npx", "--yes", "node@22", "-p", "process.execPath"])).trim());
    await installPackage(stage);
    const directory = `${stage}/unsock/bench`;
    Deno.mkdirSync(directory, { recursive: true, mode: 0o700 });
    const socket = `${directory}/3000.sock`;
    const body = `listen unix:${socket}; location / { return 200 "hello\\n"; }`;
    const [command = "", ...args] = nginx({ stage, socket, port: 0 }, "server", body);
    return {
      server: new Deno.Command(command, { args, stdout: "null", stderr: "null" }).spawn(),
      fronts: all,
      room: (): Measured => ({
        firstAnswerMs: [],
        kept: [],
        keptMs: [],
        fresh: [],
        freshMs: [],
        megabytes: [],
      }),
      measure: (front: Front, into: Measured) => measure(front, { stage, socket, port: freePort() }, into),
      format: (measured: readonly Measured[], rounds, machine) =>
        format(measured, all.map(({ name }) => name), rounds, machine),
    };
  });
}
