/** Programs whose code is rewritten: no signals come with their calls, and where that is refused, they are trapped. */
import { assert, assertMatch, assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { controlFile, sockaddrUnix } from "../support/control.ts";
import { withDir } from "../support/dir.ts";
import { isBefore } from "../support/kernel.ts";
import { buildProbe } from "../support/probe.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { libraryEnv, libraryFile } from "../support/library.ts";
import { buildLinked } from "../support/static.ts";

const HERE = dirname(fromFileUrl(import.meta.url));
const CALLS = 900;

/** @returns How many calls of the probe came by a signal; it makes 900 that the library answers. */
async function countSignals(dir: string, extra: Record<string, string>, ...before: string[]): Promise<number> {
  const probe = await buildProbe("registers", [], "static");
  const { LD_PRELOAD: _, ...env } = libraryEnv(join(dir, "s"), extra);
  const command = ["strace", "-f", "-e", "trace=none", ...before, libraryFile(), "run", "--", probe];
  const { code, stdout, stderr } = await run(command, { env, timeoutMs: 60_000 });
  assertStrictEquals(code, 0, stderr);
  assert(stdout.includes("registers that differ: 0"), stdout);
  return stderr.split("SIGSYS {").length - 1;
}

/** How memory that was written to is refused: `prctl` needs kernel 6.3. */
const REFUSALS = ["prctl", "seccomp", "code"].filter((how) => how !== "prctl" || !isBefore(Deno.osRelease(), "6.3"));

async function refusing(dir: string, how: string): Promise<string[]> {
  return [await buildLinked(join(HERE, "without_exec.c"), dir, "dynamic"), how];
}

function testRewritten(name: string, fn: (dir: string) => Promise<void>): void {
  Deno.test({ name, ignore: !need("cc", "strace"), fn: () => withDir(fn) });
}

testRewritten("a static program's calls come without a signal", async (dir) => {
  const count = await countSignals(dir, {});
  assert(count < 20, `${count} signals`);
});

testRewritten("with UNSOCK_PATCH=0 each of them is a signal", async (dir) => {
  const count = await countSignals(dir, { UNSOCK_PATCH: "0" });
  assert(count >= CALLS, `${count} signals`);
});

for (const how of REFUSALS) {
  testRewritten(
    `where memory that was written to may not be executed (${how}) each is a signal, the log says so, and nothing else is different`,
    async (dir) => {
      const log = join(dir, "log");
      const count = await countSignals(dir, { UNSOCK_LOG: log }, ...await refusing(dir, how));
      assert(count >= CALLS, `${count} signals`);
      const lines = (await Deno.readTextFile(log)).split("\n").filter((line) => line.includes(" rewrite "));
      assertStrictEquals(lines.length, 1);
      assertMatch(
        lines[0] ?? "",
        how === "prctl" ? / registers-\S* rewrite 0 - - EACCES$/ : / registers-\S* rewrite 0 - - EPERM$/,
      );
    },
  );
}

testRewritten(
  "a program whose code can be neither executed nor mapped again is not started, and said to be so",
  async (dir) => {
    const probe = await buildProbe("registers", [], "static");
    const { LD_PRELOAD: _, ...env } = libraryEnv(join(dir, "s"));
    const { code, stdout, stderr } = await run([...await refusing(dir, "again"), libraryFile(), "run", "--", probe], {
      env,
    });
    assertStrictEquals(code, 126, stderr);
    assertStrictEquals(stdout, "");
    assertMatch(stderr, /^unsock: "\S*registers-\S*": cannot be loaded\n$/);
  },
);

testRewritten("epoll_wait with time-out 0 is the kernel's own if the set has none of our sockets", async (dir) => {
  const { LD_PRELOAD: _, ...env } = libraryEnv(join(dir, "s"));
  const program = await buildLinked(join(HERE, "epoll_looks.c"), dir, "static");
  const trace = ["strace", "-f", "-i", "-qq", "-e", "trace=/epoll_p?wait$", "-e", "signal=none"];
  const { code, stderr } = await run([...trace, libraryFile(), "run", "--", program], { env, timeoutMs: 60_000 });
  assertStrictEquals(code, 0, stderr);
  /* Above: the library's own calls. */
  const looks = Array.from(stderr.matchAll(/\[([0-9a-f]+)\] epoll_p?wait\(.*, (\d+), 0[,)]/g));
  const own = looks.filter(([, at]) => parseInt(at ?? "", 16) < 0x1000_0000).map(([, , which]) => which);
  assertStrictEquals(looks.length, 9, stderr);
  assertStrictEquals(own.join(" "), "1 2 3 6 7", stderr);
});

testRewritten("a rewritten program's connection through a control file ends as over TCP", async (dir) => {
  const sockets = join(dir, "s"), server = join(dir, "server");
  await Deno.mkdir(sockets);
  await Deno.writeFile(join(sockets, "2000.sock"), controlFile({ dest: sockaddrUnix(server) }));
  const program = await buildLinked(join(HERE, "led_elsewhere.c"), dir, "static");
  const { LD_PRELOAD: _, ...env } = libraryEnv(sockets);
  const { stdout, stderr } = await run([libraryFile(), "run", "--", program, server, "2000"], { env });
  assertStrictEquals(stdout, "poll 1: 1, read 0, write 1, write -1: 32\n", stderr);
});
