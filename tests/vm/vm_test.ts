/** Runs tests/vm/guest/checks in a virtual machine with a stock Debian kernel: unsock over real vsock and TIPC. */
import { assert, assertMatch, assertRejects, assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { run, start } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { until } from "../support/wait.ts";
import { compile, ENDINGS, makeImage, type More, NOBODY } from "./image.ts";
import { fetchKernel } from "./kernel.ts";
import { runGuest } from "./machine.ts";
import { parseChecks } from "./report.ts";

const HERE = dirname(fromFileUrl(import.meta.url));
const GUEST = join(HERE, "guest");
const CACHE = join(HERE, "..", "..", "build", "vm");
const GUEST_TIMEOUT_MS = 240_000;

/** The guest has the host's own C library and iperf, and a kernel for this architecture. */
const ignore = Deno.build.arch !== "x86_64" ||
  !need(
    "apparmor_parser",
    "apt-get",
    "dpkg",
    "xz",
    "cc",
    "qemu-system-x86_64",
    "busybox",
    "iperf",
    "strace",
    "timeout",
  );

for (const mode of ["blocking", "nonblocking", "epoll"]) {
  for (const address of ["127.0.0.1", "::1"]) {
    Deno.test({
      name: `the guest's TCP server and client, ${mode}, talk over real TCP at ${address}: the oracle`,
      ignore: !need("cc"),
      fn: () =>
        withDir(async (dir) => {
          const peer = await compile("peer", dir);
          await using server = start([peer, "serve", address, "0", mode]);
          const port = await until("listening", () => /^listening (\d+)$/m.exec(server.output())?.[1]);
          await using client = start([peer, "connect", address, port, mode]);
          assertStrictEquals((await client.status).code, 0, client.output());
          assertStrictEquals((await server.status).code, 0, server.output());
          assertMatch(client.output(), new RegExp(`^peer AF_INET6? \\[?${address}\\]?:${port} `, "m"));
        }),
    });
  }
}

Deno.test({
  name: "how the guest's connections end over real TCP: the oracle",
  ignore: !need("cc"),
  fn: () =>
    withDir(async (dir) => {
      const endings = await compile("endings", dir);
      await using server = start([endings, "serve", "127.0.0.1", "0"]);
      const port = await until("listening", () => /^listening (\d+)$/m.exec(server.output())?.[1]);
      for (const [story, told] of Object.entries(ENDINGS)) {
        const { stdout, stderr } = await run([endings, story, "127.0.0.1", port]);
        assertStrictEquals(stdout, `${told}\n`, stderr);
      }
      assertStrictEquals((await server.status).code, 0, server.output());
      assertStrictEquals((await run([endings, "nobody", "127.0.0.1", "1"])).stdout, NOBODY);
    }),
});

/** Boots a guest; each of its checks is a step. */
async function stepThrough(t: Deno.TestContext, dir: string, more: More, words: string[] = []): Promise<void> {
  const kernel = await fetchKernel(CACHE);
  const { verdict, console } = await runGuest(kernel, await makeImage(kernel, dir, more), GUEST_TIMEOUT_MS, words);
  const checks = parseChecks(console);
  for (const { name, ok, output } of checks) {
    await t.step(name, () => assert(ok, output));
  }
  assertStrictEquals(console.findLast((line) => line.startsWith("1..")), `1..${checks.length}`, console.join("\n"));
  assertStrictEquals(verdict, checks.every(({ ok }) => ok) ? "passed" : "failed", console.join("\n"));
}

Deno.test({
  name: "in a virtual machine, unsock takes TCP programs to AF_VSOCK and AF_TIPC",
  ignore,
  fn: (t) => withDir((dir) => stepThrough(t, dir, { programs: ["apparmor_parser"] })),
});

Deno.test({
  name: "in a virtual machine with SELinux, a program whose domain keeps the library out is refused",
  ignore: ignore || !need("secilc"),
  fn: (t) =>
    withDir(async (dir) => {
      const policy = join(dir, "selinux.policy");
      const words = ["secilc", "-c", "33", "-f", "/dev/null", "-o", policy, join(GUEST, "selinux.cil")];
      const { code, stderr } = await run(words);
      assertStrictEquals(code, 0, stderr);
      await stepThrough(t, dir, { checks: join(GUEST, "selinux"), scripts: [policy] }, ["lsm=selinux"]);
    }),
});

Deno.test({
  name: "a guest that crashes, and one that takes too long, are failures, with what it said",
  ignore,
  fn: async () => {
    await withDir(async (dir) => {
      const kernel = await fetchKernel(CACHE);
      const image = await makeImage(kernel, dir);
      const crash = runGuest(kernel, image, GUEST_TIMEOUT_MS, ["rdinit=/missing", "init=/missing"]);
      assertMatch((await assertRejects(() => crash, Error)).message, /without a verdict[^]*Kernel panic/);
      assertMatch(
        (await assertRejects(() => runGuest(kernel, image, 1_000), Error)).message,
        /not finished after 1000 ms/,
      );
    });
  },
});
