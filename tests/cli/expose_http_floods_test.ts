/**
 * `unsock expose --http`: a hostile client costs itself alone. Others are answered meanwhile, and memory, processes and
 * descriptors stay bounded. With FLOOD_REPORT=1 each test prints the slowest answer to an honest client, and the memory.
 */
import { assert, assertMatch, assertStrictEquals } from "@std/assert";
import { run, start } from "../support/process.ts";
import { leaveStale } from "../support/stale.ts";
import { until } from "../support/wait.ts";
import {
  FOR_THE_LIST,
  type Held,
  holder,
  HOSTILE,
  HOSTILE_CLIENTS,
  hostileClients,
  LISTS,
  requests,
} from "./floods.ts";
import { beside, GROWTH_MOST_MB, memoryOf } from "./flood_watch.ts";
import { requestText, type Rig, testFront } from "./http_rig.ts";

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
  const directories = Array.from({ length: LISTS.stale }, (_, i) => `${rig.dir}/r/unsock/l${i}`);
  for (const directory of directories) Deno.mkdirSync(directory, { mode: 0o700 });
  await leaveStale(...directories.map((directory) => `${directory}/3000.sock`));
  const exposed = await rig.expose();
  let most = 0;
  const watch = setInterval(() => most = Math.max(most, countChildren(exposed.pid)), 20);
  const { stdout, stderr } = await beside(`${rig.port}`, exposed, () => {
    return run(requests(`${rig.port}`, LISTS.requests, FOR_THE_LIST));
  });
  clearInterval(watch);
  const pages = stdout.trimEnd().split("\n").map((line): string => JSON.parse(line));
  assert(pages.length >= FOR_THE_LIST.length, stderr);
  for (const page of pages) {
    assertMatch(page, /http:\/\/main\.localhost/);
    assert(!/http:\/\/l\d/.test(page), page);
  }
  assert(most <= 1, `${most} processes at once`);
});

/** A limit at which few clients are too many. */
const FEW_DESCRIPTORS = 600;

/** Holds so many connections that have sent a text, for as long as `use` takes. */
async function holding(rig: Rig, held: Held, use: () => Promise<void>) {
  await using process = start(holder(rig.port, held));
  await until("all are connected", () => process.output().includes("held"), 60_000);
  await use();
}

async function statusOf(rig: Rig): Promise<number> {
  const answer = await rig.raw(requestText("/", "main", "Connection: close\r\n"));
  return Number(/^HTTP\/1\.1 (\d+) /.exec(answer)?.[1]);
}

testFront("expose --http: with few descriptors it answers, whatever clients hold", async (rig) => {
  await rig.serve(["--name", "main", "--private"], "A", 3000);
  await rig.special("waits");
  await rig.expose("", undefined, ["prlimit", `--nofile=${FEW_DESCRIPTORS}`]);
  for (const text of ["", "G", requestText("/", "waits")]) {
    await holding(rig, { count: 2 * FEW_DESCRIPTORS, text }, async () => {
      for (let i = 0; i < 20; i++) assertStrictEquals(await statusOf(rig), 200, text);
    });
    await until("it answers", async () => await statusOf(rig) === 200);
  }
});

testFront("expose --http: floods of connections do not add up in memory", async (rig) => {
  await rig.serve(["--name", "main", "--private"], "A", 3000);
  const exposed = await rig.expose();
  const before = memoryOf(exposed.pid);
  const flood = { count: 1_500, text: `GET / HTTP/1.1\r\nX: ${"a".repeat(5_000)}` };
  for (let i = 0; i < 3; i++) await beside(`${rig.port}`, exposed, () => holding(rig, flood, async () => {}));
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

testFront(
  "expose --http: a hostile client of HTTP/2 is ended, and costs little memory and nobody's time",
  async (rig) => {
    await rig.serve(["--name", "main", "--private"], "A", 3000);
    await rig.special("waits");
    const exposed = await rig.expose();
    await beside(`${rig.port}`, exposed, async () => {
      for (const [kind, frames] of Object.entries(HOSTILE)) {
        const { stdout, stderr } = await run(hostileClients(kind, frames, `${rig.port}`));
        assertStrictEquals(stdout, `ended=${HOSTILE_CLIENTS}\n`, `${kind}: ${stderr}`);
      }
    });
    assertStrictEquals(/unsock:/.exec(exposed.output()), null, exposed.output());
  },
);
