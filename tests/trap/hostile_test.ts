/** Rewritten programs that look at their own code, change it, forbid calls to themselves, crash, or are traced. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { runIsolated } from "../support/probe.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { libraryEnv, libraryFile } from "../support/library.ts";
import { buildLinked, canLink, type Linking } from "../support/static.ts";

const HERE = dirname(fromFileUrl(import.meta.url));
const LINKINGS = ["static", "static-pie", "musl"] as const satisfies readonly Linking[];
const GOES_ON = "listens, connects, port 1";

/** The program under the library, and what it does there, in a network of its own. */
async function under(dir: string, linking: Linking, what: string): Promise<string[]> {
  const program = await buildLinked(join(HERE, "hostile.c"), dir, linking);
  const { LD_PRELOAD: _, ...env } = libraryEnv(join(dir, "s"));
  const { facts, traffic } = await runIsolated([libraryFile(), "run", "--", program, what, program], env);
  assertStrictEquals(traffic ?? 0, 0);
  return facts;
}

function testHostile(name: string, linking: Linking, fn: (dir: string) => Promise<void>, ...needed: string[]): void {
  const ignore = !canLink(linking) || !need(...needed);
  Deno.test({ name: `${name} (${linking})`, ignore, fn: () => withDir(fn) });
}

for (const linking of LINKINGS) {
  testHostile(
    "a program that reads its own code finds it changed before system calls alone",
    linking,
    async (dir) =>
      assertEquals(await under(dir, linking, "changed"), [
        "changed: 1, of it system calls: 0, elsewhere: 0",
        GOES_ON,
      ]),
  );

  testHostile(
    "a program that puts its code back to what its file has is trapped",
    linking,
    async (dir) => assertEquals(await under(dir, linking, "undoes"), [GOES_ON]),
  );

  testHostile(
    "calls that the program's own filter forbids are forbidden",
    linking,
    async (dir) =>
      assertEquals(await under(dir, linking, "filters"), ["Operation not permitted, Connection refused, port 1"]),
  );
}

testHostile("a program that crashes ends by that signal, and its core shows the place", "static", async (dir) => {
  const program = await buildLinked(join(HERE, "hostile.c"), dir, "static");
  const { LD_PRELOAD: _, ...env } = libraryEnv(join(dir, "s"));
  const script = `ulimit -c unlimited; exec "$@"`;
  const command = ["sh", "-c", script, "sh", libraryFile(), "run", "--", program, "crashes", program];
  const { signal, stdout, stderr } = await run(command, { env, cwd: dir });
  assertStrictEquals(signal, "SIGSEGV", stdout + stderr);
  const core = [...Deno.readDirSync(dir)].find(({ name }) => /^core(\.\d+)?$/.test(name))?.name;
  if (core === undefined) return; // this machine's cores go elsewhere (/proc/sys/kernel/core_pattern)
  const gdb = await run(["gdb", "-batch", "-nx", "-ex", "backtrace", program, join(dir, core)]);
  assertMatch(gdb.stdout, /^#0 .* main \(/m, gdb.stdout + gdb.stderr);
}, "gdb");

testHostile("a program that is traced by another under the library fares as without it", "static", async (dir) => {
  const program = await buildLinked(join(HERE, "hostile.c"), dir, "static");
  const { LD_PRELOAD: _, ...env } = libraryEnv(join(dir, "s"));
  const log = join(dir, "log");
  const command = [libraryFile(), "run", "--", "strace", "-f", "-o", log, program, "undoes", program];
  const { facts, traffic } = await runIsolated(command, env);
  assertEquals(facts, [GOES_ON]);
  assertStrictEquals(traffic ?? 0, 0);
  assert((await Deno.readTextFile(log)).includes("exited with 0"));
}, "strace");
