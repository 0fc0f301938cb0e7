/** Three guests of Debian's kernel on one Ethernet, a TIPC cluster, and vsock behind a multiplexer: `deno task test:machines`. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import type { Proc } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { until } from "../support/wait.ts";
import { makeImage } from "../vm/image.ts";
import { fetchKernel } from "../vm/kernel.ts";
import { GUEST_PASSED } from "../vm/machine.ts";
import { parseChecks } from "../vm/report.ts";
import { bootNode, compileHost, startHub, startMultiplexer, tellMonitor, withoutFrames } from "./cluster.ts";
import { Host } from "./host.ts";
import { readStories, storyTable, type Told, withTable } from "./table.ts";

const HERE = dirname(fromFileUrl(import.meta.url));
const CACHE = join(HERE, "..", "..", "build", "vm");
const PAGE = join(HERE, "..", "..", "docs", "between-machines.md");
const TIMEOUT_MS = 300_000;

/** The page is written anew instead of being compared. */
const WRITE = Deno.env.get("WRITE_MACHINES_PAGE") === "1";

/** Longer than TIPC's tolerance, and shorter than the one that is set. */
const BREAK_MS = 4000;

const ignore = Deno.build.arch !== "x86_64" ||
  !need("apt-get", "dpkg", "xz", "cc", "qemu-system-x86_64", "busybox", "iperf", "strace", "timeout", "tipc");

const guest = (...names: string[]) => names.map((name) => join(HERE, "guest", name));
const COMPILED = {
  stories: guest("stories.c", "stories_ends.c", "stories_data.c", "stories_connects.c"),
  instances: guest("instances.c"),
};

async function loseCarrier(dir: string): Promise<void> {
  await tellMonitor(dir, 2, "set_link wire off");
  await pause(BREAK_MS);
  await tellMonitor(dir, 2, "set_link wire on");
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** How often the console has said it. */
function times(machine: Proc, words: string): number {
  return machine.output().split(words).length - 1;
}

async function hears(machine: Proc, words: string, time = 1): Promise<void> {
  await until(words, () => times(machine, words) >= time, TIMEOUT_MS);
}

function linesOf(machine: Proc): string[] {
  return machine.output().replaceAll("\r", "").split("\n");
}

/** The lines behind a word. */
function behind(lines: string[], word: string): string[] {
  return lines.filter((line) => line.startsWith(word)).map((line) => line.slice(word.length));
}

/** Runs this machine's clients through the multiplexers of the first and the third machine. */
async function tellFromHost(host: Host, first: Proc, third: Proc) {
  const stories = await host.tell(1, 5000);
  const conversations = [(await host.converse(5100)).code, (await host.converse(5101)).code];
  await hears(first, "as it is: accepted");
  await hears(third, "1..2");
  return { stories, conversations, relayed: await host.tell(3, 5200, "echo", "1 MB there and back") };
}

/** Takes the link away where the second machine asks for it. */
async function breakLinks(dir: string, second: Proc): Promise<void> {
  for (const time of [1, 2]) {
    await hears(second, "take the frames", time);
    await withoutFrames(dir, [1, 2, 3], () => pause(BREAK_MS));
  }
  await hears(second, "take the carrier");
  await loseCarrier(dir);
}

async function compare(told: Told): Promise<void> {
  const page = await Deno.readTextFile(PAGE);
  const written = withTable(page, storyTable(told));
  if (WRITE) await Deno.writeTextFile(PAGE, written);
  else assertStrictEquals(page, written);
}

Deno.test({
  name: "on three machines, unsock takes TCP programs to a TIPC cluster and to vsock",
  ignore,
  fn: async (t) => {
    await withDir(async (dir) => {
      const kernel = await fetchKernel(CACHE);
      const [image, programs] = await Promise.all([
        makeImage(kernel, dir, {
          modules: ["failover", "net_failover", "virtio_net", "vmw_vsock_virtio_transport"],
          checks: join(HERE, "guest", "story"),
          scripts: guest("node1", "node2", "node3"),
          programs: ["tipc"],
          compiled: COMPILED,
        }),
        compileHost(dir),
      ]);
      const host = new Host(dir);
      await using _hub = await startHub(programs, dir, 3);
      await using _of1 = await startMultiplexer(programs, dir, 1);
      await using _of2 = await startMultiplexer(programs, dir, 2);
      await using _of3 = await startMultiplexer(programs, dir, 3);
      await using _server = await host.serve(2);
      await using first = bootNode(kernel, image, dir, 1);
      await using second = bootNode(kernel, image, dir, 2);
      await using third = bootNode(kernel, image, dir, 3);
      const ended = second.result(TIMEOUT_MS);
      await hears(second, "the host tells");
      const [ofHost] = await Promise.all([tellFromHost(host, first, third), breakLinks(dir, second)]);
      await hears(second, "end the node");
      await first[Symbol.asyncDispose]();
      const { code, stdout } = await ended;
      await t.step("the stories are told as docs/between-machines.md shows them", async () => {
        const lines = linesOf(second);
        const [tcp, tipc, guest] = ["tcp", "tipc", "guest"].map((name) =>
          readStories(behind(lines, `story ${name}: `))
        );
        await compare({ tcp, tipc, guest, host: readStories(ofHost.stories.split("\n")) } as Told);
      });
      await t.step("the seed's words: a vsock peer is an IP one with UNSOCK_ACCEPT_CONVERT_VSOCK=1 alone", () => {
        assertEquals(ofHost.conversations, [0, 0]);
        assertMatch(first.output(), /converted: accepted AF_INET 127\.0\.0\.1:[1-9]/);
        assertMatch(first.output(), /as it is: accepted AF_VSOCK cid 2 port/);
      });
      await t.step("a server beside which expose listens is reached by vsock", () => {
        assertMatch(ofHost.relayed, /^echo: hello\n1 MB[^:]*: 1000000 bytes, the same;/);
      });
      for (const { name, ok, output } of [...parseChecks(linesOf(third)), ...parseChecks(linesOf(second))]) {
        await t.step(name, () => assert(ok, output));
      }
      console.log(behind(linesOf(second), "lost, ").join("\n"));
      assertStrictEquals(code, 2 * GUEST_PASSED + 1, stdout);
    });
  },
});
