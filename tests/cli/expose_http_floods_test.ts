/**
 * `unsock expose --http`: a hostile client costs itself alone. Others are answered meanwhile, and memory, processes and
 * descriptors stay bounded. With FLOOD_REPORT=1 each test prints the slowest answer to an honest client, and the memory.
 */
import { assert, assertMatch, assertStrictEquals } from "@std/assert";
import { type Proc, run, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { leaveStale } from "../support/stale.ts";
import { until } from "../support/wait.ts";
import { requestText, type Rig, testFront } from "./http_rig.ts";

const programText = programsOf(import.meta);

/** Runs a flood while an honest client asks again and again. Returns the flood's result. */
async function beside<T>(rig: Rig, { pid }: Proc, flood: () => Promise<T>): Promise<T> {
  const before = memoryOf(pid);
  let most = 0;
  await using honest = start(["python3", "-c", programText("honest"), `${rig.port}`, "main.localhost"]);
  const answers = () => Number(/.*answered=(\d+)/s.exec(honest.output())?.[1] ?? 0);
  await until("the honest client is answered", answers);
  const watch = setInterval(() => most = Math.max(most, memoryOf(pid)), 20);
  const result = await flood().finally(() => clearInterval(watch));
  const after = answers() + 2;
  await until("it is answered afterwards", () => answers() >= after || honest.output().includes("Error"), 60_000);
  const report = `${honest.output().trim().split("\n").at(-1)} ms, memory ${before} to ${most} MB`;
  if (Deno.env.get("FLOOD_REPORT") === "1") console.log(report);
  assertMatch(report, /^answered=/);
  assert(most - before < GROWTH_MOST_MB, report);
  return result;
}

/** More than any flood costs, and far less than an unbounded one. */
const GROWTH_MOST_MB = 200;

/** Returns a process's memory in MB. */
function memoryOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1]) >> 10;
}

/** Returns how many children a process has, of those started after it. */
function countChildren(parent: number): number {
  const later = [...Deno.readDirSync("/proc")].filter(({ name }) => Number(name) > parent);
  return later.filter(({ name }) => parentOf(name) === parent).length;
}

function parentOf(pid: string): number | undefined {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1]);
  } catch {
    return undefined; // it has ended
  }
}

testFront("expose --http: a flood of requests for the list starts one process at a time", async (rig) => {
  await rig.serve(["--name", "main", "--private"], "A", 3000);
  const directories = Array.from({ length: 60 }, (_, i) => `${rig.dir}/r/unsock/l${i}`);
  for (const directory of directories) Deno.mkdirSync(directory, { mode: 0o700 });
  await leaveStale(...directories.map((directory) => `${directory}/3000.sock`));
  const exposed = await rig.expose();
  let most = 0;
  const watch = setInterval(() => most = Math.max(most, countChildren(exposed.pid)), 20);
  const pages = await beside(rig, exposed, () => {
    const hosts = Array.from({ length: 200 }, (_, i) => ["l0", "nobody", "7.main"][i % 3]);
    return Promise.all(hosts.map((host) => rig.raw(requestText("/", host ?? "", "Connection: close\r\n"))));
  });
  clearInterval(watch);
  for (const page of pages) {
    assertMatch(page, /http:\/\/main\.localhost/);
    assert(!/http:\/\/l\d/.test(page), page);
  }
  assert(most <= 1, `${most} processes at once`);
});

/** A limit at which few clients are too many. */
const FEW_DESCRIPTORS = 600;

/** Holds so many connections that have sent a text, for as long as `use` takes. */
async function holding(rig: Rig, { count, text }: { count: number; text: string }, use: () => Promise<void>) {
  await using holder = start(["python3", "-c", programText("hold"), `${rig.port}`, `${count}`, text]);
  await until("all are connected", () => holder.output().includes("held"), 60_000);
  await use();
}

async function statusOf(rig: Rig): Promise<number> {
  const answer = await rig.raw(requestText("/", "main", "Connection: close\r\n"));
  return Number(/^HTTP\/1\.1 (\d+) /.exec(answer)?.[1]);
}

testFront("expose --http: with few descriptors it answers, or says 503, whatever clients hold", async (rig) => {
  await rig.serve(["--name", "main", "--private"], "A", 3000);
  await rig.special("waits");
  await rig.expose("", undefined, ["prlimit", `--nofile=${FEW_DESCRIPTORS}`]);
  for (const text of ["", "G", requestText("/", "waits")]) {
    await holding(rig, { count: 2 * FEW_DESCRIPTORS, text }, async () => {
      for (let i = 0; i < 20; i++) {
        const status = await until("it answers", () => statusOf(rig)); // not while too many are told so
        assert(status === 200 || (status === 503 && text.length > 1), "clients without a request make room");
      }
    });
    await until("it answers", async () => await statusOf(rig) === 200);
  }
});

testFront("expose --http: floods of connections do not add up in memory", async (rig) => {
  await rig.serve(["--name", "main", "--private"], "A", 3000);
  const exposed = await rig.expose();
  const before = memoryOf(exposed.pid);
  const flood = { count: 1_500, text: `GET / HTTP/1.1\r\nX: ${"a".repeat(5_000)}` };
  for (let i = 0; i < 3; i++) await beside(rig, exposed, () => holding(rig, flood, async () => {}));
  const after = memoryOf(exposed.pid);
  assert(after - before < GROWTH_MOST_MB, `${before} to ${after} MB`);
});

testFront("expose --http: it listens again after it had no descriptor for one more client", async (rig) => {
  await rig.serve(["--name", "main", "--private"], "A", 3000);
  const exposed = await rig.expose();
  const limit = (most: string) => run(["prlimit", "--pid", `${exposed.pid}`, `--nofile=${most}:`]);
  const before = /^Max open files +(\d+)/m.exec(Deno.readTextFileSync(`/proc/${exposed.pid}/limits`))?.[1] ?? "";
  await limit("20");
  await holding(rig, { count: 20, text: "G" }, async () => {
    await limit(before);
  });
  await until("it answers", async () => (await rig.ask("main.localhost/", "--max-time", "1")).stdout.startsWith("A "));
});

/** Kinds of hostile clients of HTTP/2 (`http2.py`), and how many frames each sends at most. */
const HOSTILE = {
  bomb: 40,
  resets: 3_000,
  made_resets: 3_000,
  pings: 20_000,
  settings: 20_000,
  continuations: 20_000,
  large_continuations: 400,
  empty_data: 20_000,
  priorities: 20_000,
  windows: 20_000,
  unknown: 20_000,
};
const HOSTILE_CLIENTS = 3;

testFront(
  "expose --http: a hostile client of HTTP/2 is ended, and costs little memory and nobody's time",
  async (rig) => {
    await rig.serve(["--name", "main", "--private"], "A", 3000);
    await rig.special("waits");
    const exposed = await rig.expose();
    await beside(rig, exposed, async () => {
      for (const [kind, frames] of Object.entries(HOSTILE)) {
        const words = [kind, `${rig.port}`, "waits.localhost", `${HOSTILE_CLIENTS}`, `${frames}`];
        const { stdout, stderr } = await run(["python3", "-c", programText("http2"), ...words]);
        assertStrictEquals(stdout, `ended=${HOSTILE_CLIENTS}\n`, `${kind}: ${stderr}`);
      }
    });
    assertStrictEquals(/unsock:/.exec(exposed.output()), null, exposed.output());
  },
);
