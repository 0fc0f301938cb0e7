/**
 * Measures `unsock expose --http`, nginx, Caddy, portless and a plain proxy. They take turns, round by round. Writes
 * the section of `docs/bench.md` about them.
 *
 * Usage: `deno task bench:http [ROUNDS]`, with nginx, caddy, ab (apache2-utils) and npm installed.
 */
import * as path from "@std/path/posix";
import { freePort } from "./bench/front_rounds.ts";
import { type Front, makeFronts, type Place, serverCommands } from "./bench/http_fronts.ts";
import { type Load, LOADS, SECURE_LOADS, writeUpload } from "./bench/http_load.ts";
import { formatFronts, type Measured, withFronts } from "./bench/http_page.ts";
import { family, megabytes, processorMs } from "./bench/http_processes.ts";
import { describeMachine, otherWork } from "./bench/machine.ts";
import { ROOT } from "./bench/rig.ts";
import { makeCertificate } from "../tests/support/certificates.ts";

const ROUNDS = 3;
const PATIENCE_MS = 60_000;
const HOST = "bench.localhost";
const BASES = ["ten lines of `node:http`, Node.js 22", "ten lines of `node:https`, Node.js 22"];
const PAGE = path.join(ROOT, "docs", "bench.md");

/** True once the front answers as the server does. `certificate` is the front's, if it serves HTTPS. */
async function isAnswered(port: number, certificate?: string): Promise<boolean> {
  try {
    const caCerts = certificate === undefined ? [] : [Deno.readTextFileSync(certificate)];
    using connection = certificate === undefined
      ? await Deno.connect({ hostname: "127.0.0.1", port })
      : await Deno.connectTls({ hostname: "localhost", port, caCerts });
    await connection.write(new TextEncoder().encode(`GET / HTTP/1.1\r\nHost: ${HOST}:${port}\r\n\r\n`));
    const buffer = new Uint8Array(4096);
    const count = await connection.read(buffer) ?? 0;
    return new TextDecoder().decode(buffer.subarray(0, count)).startsWith("HTTP/1.1 200");
  } catch {
    return false; // no listener yet
  }
}

async function untilAnswered(port: number, name: string, certificate?: string): Promise<void> {
  for (const start = performance.now(); !await isAnswered(port, certificate);) {
    if (performance.now() - start > PATIENCE_MS) throw new Error(`${name} does not answer`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function start([command = "", ...args]: readonly string[], stage: string): Deno.ChildProcess {
  const env = { XDG_RUNTIME_DIR: stage, HOME: stage, PORTLESS_STATE_DIR: `${stage}/portless.state` };
  return new Deno.Command(command, { args, env, stdin: "null", stdout: "null", stderr: "null" }).spawn();
}

async function end(process: Deno.ChildProcess): Promise<void> {
  process.kill("SIGTERM");
  await process.status;
}

/** Applies loads to one front. `pid` is the front's process, or undefined if there is no front. */
async function load(
  loads: readonly Load[],
  { port, stage }: Pick<Place, "port" | "stage">,
  pid: number | undefined,
  into: Measured,
): Promise<void> {
  for (const { name, run } of loads) {
    const before = pid === undefined ? 0 : processorMs(family(pid));
    const { rate, late, count } = await run(port, stage);
    const figures = into.loads.get(name) ?? { rate: [], late: [], processorMs: [] };
    figures.rate.push(rate);
    figures.late.push(late);
    if (pid !== undefined) figures.processorMs.push((processorMs(family(pid)) - before) / count);
    into.loads.set(name, figures);
  }
}

async function measure(front: Front, place: Place, into: Measured): Promise<void> {
  const command = front.command(place);
  if (command === undefined) return await load(LOADS, { ...place, port: place.server }, undefined, into);
  const begun = performance.now();
  const process = start(command, place.stage);
  try {
    await front.ready?.(place);
    await untilAnswered(place.port, front.name, front.isSecure ? place.certificate.cert : undefined);
    into.firstAnswerMs.push(performance.now() - begun);
    await load(front.isSecure ? SECURE_LOADS : LOADS, place, process.pid, into);
    into.megabytes.push(megabytes(family(process.pid)));
  } finally {
    await end(process);
  }
}

async function compare(rounds: number, stage: string): Promise<Measured[]> {
  const directory = `${stage}/unsock/bench`;
  Deno.mkdirSync(directory, { recursive: true, mode: 0o700 });
  const certificate = await makeCertificate(stage, ["localhost", HOST]);
  const place = { stage, socket: `${directory}/3000.sock`, server: freePort(), certificate };
  const { fronts, node } = await makeFronts(stage);
  writeUpload(stage);
  const servers = serverCommands(place, node).map((command) => start(command, stage));
  const all = fronts.map(({ name }): Measured => ({ name, firstAnswerMs: [], megabytes: [], loads: new Map() }));
  try {
    await untilAnswered(place.server, "the server");
    for (let round = 0; round < rounds; round++) {
      for (let turn = 0; turn < fronts.length; turn++) {
        const index = (round + turn) % fronts.length;
        const [front, into] = [fronts[index], all[index]];
        if (front === undefined || into === undefined) continue;
        console.error(`${round + 1} of ${rounds}: ${front.name}`);
        await measure(front, { ...place, port: freePort() }, into);
      }
    }
  } finally {
    for (const server of servers) await end(server);
  }
  return all;
}

async function main(): Promise<void> {
  const rounds = Number(Deno.args[0] ?? ROUNDS);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`ROUNDS: not a number: "${Deno.args[0]}"`);
  const machine = [await describeMachine(), otherWork()].filter(Boolean).join("; ");
  const stage = await Deno.makeTempDir({ dir: "/tmp", prefix: "uf" });
  try {
    const section = formatFronts(await compare(rounds, stage), BASES, rounds, machine);
    await Deno.writeTextFile(PAGE, withFronts(await Deno.readTextFile(PAGE), section));
    console.log(section.trimEnd());
  } finally {
    await Deno.remove(stage, { recursive: true });
  }
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error(`fronts_http: ${error instanceof Error ? error.message : error}`);
    Deno.exitCode = 1;
  }
}
