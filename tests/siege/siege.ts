/**
 * All attacks on `expose --http` at once, beside an honest client of a vite page with hot reload. Prints a line a minute
 * and a summary: the client's slowest answers, lost reloads, refusals, and the front's memory and descriptors. A second
 * client asks vite directly: what it waits is the machine's doing, not the front's.
 *
 * Usage: `deno task test:siege [--minutes N] [--runtime deno|node] [--tls] [WORD…]`, with npm's registry. With words, only
 * attacks whose name has one of them; `none`: no attack.
 */
import { parseArgs } from "node:util";
import { fromFileUrl } from "@std/path/posix";
import { installVite, makeApp, viteCommand, writeWord } from "../large/vite_app.ts";
import { LISTS } from "../cli/floods.ts";
import { Rig, type Runtime, RUNTIMES } from "../cli/http_rig.ts";
import { makeCertificate } from "../support/certificates.ts";
import { withDir } from "../support/dir.ts";
import { type Proc, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { leaveStale } from "../support/stale.ts";
import { until } from "../support/wait.ts";
import { Client, FrontWatch } from "./watch.ts";

const ATTACKERS = fromFileUrl(import.meta.resolve("./attackers.ts"));
const MINUTES = 10;
const MINUTE_MS = 60_000;
/** Fewer than the attackers have connections. */
const DESCRIPTORS = 2_048;
/** Between two changes of the page's file. */
const CHANGE_MS = 1_000;
const NICE = "5";
const LOST_MS = 30_000;
const HOST = "main.localhost";
const programText = programsOf(import.meta);

interface Plan {
  readonly minutes: number;
  readonly runtime: Runtime;
  readonly isSecure: boolean;
  readonly words: readonly string[];
}

function readPlan(args: string[]): Plan {
  const options = {
    minutes: { type: "string", default: `${MINUTES}` },
    runtime: { type: "string", default: "deno" },
    tls: { type: "boolean", default: false },
  } as const;
  const { values: { minutes, runtime: name, tls }, positionals } = parseArgs({ args, options, allowPositionals: true });
  const runtime = RUNTIMES.find((one) => one.name.toLowerCase().startsWith(name));
  if (runtime === undefined) throw new Error(`no runtime ${name}: deno, or node from version 22 on`);
  return { minutes: Number(minutes), runtime, isSecure: tls, words: positionals };
}

/**
 * Attackers share the processors with the others as one. Where the kernel shares them by sessions, each of the others has
 * one of its own, and `nice` counts in a session alone.
 */
function startAttackers(address: string, words: readonly string[]): Proc {
  const command = [Deno.execPath(), "run", "-A", "--no-check", ATTACKERS, address, ...words];
  const attackers = start(["nice", "-n", NICE, ...command]);
  try {
    Deno.writeTextFileSync(`/proc/${attackers.pid}/autogroup`, NICE);
  } catch {
    // This kernel has no groups of sessions.
  }
  return attackers;
}

/** Writes a change, and waits until all clients have fetched it. */
async function change(app: string, clients: readonly Client[], number: number, patienceMs: number): Promise<boolean> {
  await writeWord(app, `${number} ${Date.now() / 1000}`);
  const isSeen = () => clients.every(({ seen }) => seen >= number);
  return await until("all have the change", isSeen, patienceMs).then(() => true, () => false);
}

/** Changes that no client saw were lost by vite; those that the direct one alone saw, by the front. */
interface Lost {
  byServer: number;
  byFront: number;
}

/** Changes the page's file again and again. */
async function changeUntil(end: number, app: string, clients: readonly [Client, Client], first: number): Promise<Lost> {
  const lost: Lost = { byServer: 0, byFront: 0 };
  const [, direct] = clients;
  for (let number = first; Date.now() < end; number++) {
    const next = Date.now() + CHANGE_MS;
    if (!await change(app, clients, number, LOST_MS)) lost[direct.seen >= number ? "byFront" : "byServer"]++;
    await new Promise((resolve) => setTimeout(resolve, Math.max(next - Date.now(), 0)));
  }
  return lost;
}

async function besiege(dir: string, { minutes, runtime, isSecure, words }: Plan): Promise<void> {
  await installVite(dir);
  const app = `${dir}/app`;
  await makeApp(app, "0 0");
  await using rig = new Rig(dir, runtime);
  await rig.start(["--dir", `${dir}/main`, "--name", "main"], viteCommand(dir, app));
  for (const manner of ["waits", "odd"]) await rig.special(manner);
  const stale = Array.from({ length: LISTS.stale }, (_, i) => `${dir}/r/unsock/l${i}`);
  for (const directory of stale) Deno.mkdirSync(directory, { mode: 0o700 });
  await leaveStale(...stale.map((directory) => `${directory}/3000.sock`));
  const certificate = isSecure ? await makeCertificate(dir, ["localhost", HOST]) : undefined;
  const front = await rig.expose("", { certificate }, ["prlimit", `--nofile=${DESCRIPTORS}`]);
  const address = `${isSecure ? "tls:" : ""}${rig.port}`;
  await using through = new Client(programText("client"), address, HOST);
  await using direct = new Client(programText("client"), `${dir}/main/3000.sock`, HOST);
  const clients = [through, direct] as const;
  let first = 1; // vite watches a file some time after it has served it
  await until("both clients see changes", () => change(app, clients, first++, CHANGE_MS), MINUTE_MS);
  const attackers = startAttackers(address, words);
  const watch = new FrontWatch(front.pid, clients);
  try {
    const lost = await changeUntil(Date.now() + minutes * MINUTE_MS, app, clients, first);
    console.log(watch.summary(runtime.name, attackers.output()));
    console.log(`  changes lost: ${lost.byFront} by the front, ${lost.byServer} by vite`);
    console.log(`  lines of the front: ${front.output().match(/^unsock:.*/gm)?.join("\n    ") ?? "none"}`);
  } finally {
    watch.stop();
    await attackers[Symbol.asyncDispose]();
  }
}

const plan = readPlan(Deno.args);
await withDir((dir) => besiege(dir, plan));
