/** Two guests of Debian's kernel on one Ethernet, a TIPC cluster: `deno task test:machines`. */
import { assert, assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { start } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { until } from "../support/wait.ts";
import { makeImage } from "../vm/image.ts";
import { fetchKernel } from "../vm/kernel.ts";
import { GUEST_PASSED, machineCommand } from "../vm/machine.ts";
import { parseChecks } from "../vm/report.ts";

const HERE = dirname(fromFileUrl(import.meta.url));
const CACHE = join(HERE, "..", "..", "build", "vm");
const TIMEOUT_MS = 240_000;

/** Longer than TIPC's tolerance, and shorter than the one that is set. */
const BREAK_MS = 4000;

const ignore = Deno.build.arch !== "x86_64" ||
  !need("apt-get", "dpkg", "xz", "cc", "qemu-system-x86_64", "busybox", "iperf", "timeout", "tipc");

/** The network device of one machine: frames are datagrams between two Unix sockets. */
function network(dir: string, node: number): string[] {
  const [own, other] = [`${dir}/ethernet.${node}`, `${dir}/ethernet.${3 - node}`];
  const wire = `local.type=unix,local.path=${own},remote.type=unix,remote.path=${other}`;
  return [
    ...["-netdev", `dgram,id=wire,${wire}`, "-device", `virtio-net-pci,netdev=wire,mac=52:54:00:00:00:0${node}`],
    ...["-monitor", `unix:${dir}/monitor.${node},server=on,wait=off`],
  ];
}

async function tell(dir: string, node: number, words: string): Promise<void> {
  const monitor = await Deno.connect({ transport: "unix", path: `${dir}/monitor.${node}` });
  await monitor.write(new TextEncoder().encode(`${words}\n`));
  // The prompt after the answer.
  const buffer = new Uint8Array(4096);
  for (let text = ""; text.split("(qemu)").length < 3;) {
    text += new TextDecoder().decode(buffer.subarray(0, await monitor.read(buffer) ?? 0));
  }
  monitor.close();
}

/** No frame arrives: there is no socket at the other end. The carrier stays. */
async function dropFrames(dir: string): Promise<void> {
  const ends = [1, 2].map((node) => `${dir}/ethernet.${node}`);
  for (const end of ends) await Deno.rename(end, `${end}.away`);
  await pause(BREAK_MS);
  for (const end of ends) await Deno.rename(`${end}.away`, end);
}

async function loseCarrier(dir: string): Promise<void> {
  await tell(dir, 2, "set_link wire off");
  await pause(BREAK_MS);
  await tell(dir, 2, "set_link wire on");
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** How often the console has said it. */
function times(console: string, words: string): number {
  return console.split(words).length - 1;
}

Deno.test({
  name: "on two machines, unsock takes TCP programs to a TIPC cluster",
  ignore,
  fn: async (t) => {
    await withDir(async (dir) => {
      const kernel = await fetchKernel(CACHE);
      const image = await makeImage(kernel, dir, {
        modules: ["failover", "net_failover", "virtio_net"],
        checks: join(HERE, "guest", "story"),
        programs: ["tipc"],
      });
      const boot = (node: number) =>
        start([
          ...["timeout", "--kill-after=5", "300"],
          ...machineCommand(kernel, image, [`unsock.node=${node}`]),
          ...network(dir, node),
        ]);
      await using first = boot(1);
      await using second = boot(2);
      const ended = second.result(TIMEOUT_MS);
      for (const time of [1, 2]) {
        await until("frames are to be lost", () => times(second.output(), "take the frames") === time, TIMEOUT_MS);
        await dropFrames(dir);
      }
      await until("the carrier is to be lost", () => times(second.output(), "take the carrier") === 1, TIMEOUT_MS);
      await loseCarrier(dir);
      await until("the node is to end", () => times(second.output(), "end the node") === 1, TIMEOUT_MS);
      await first[Symbol.asyncDispose]();
      const { code, stdout } = await ended;
      const checks = parseChecks(stdout.replaceAll("\r", "").split("\n"));
      for (const { name, ok, output } of checks) await t.step(name, () => assert(ok, output));
      assertStrictEquals(code, 2 * GUEST_PASSED + 1, stdout);
    });
  },
});
