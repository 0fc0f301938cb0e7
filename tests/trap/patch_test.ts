/** Programs whose code is rewritten: no signals come with their calls, and where that is refused, they are trapped. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { isBefore } from "../support/kernel.ts";
import { buildProbe, runIsolated } from "../support/probe.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { shimEnv, shimLibrary } from "../support/shim.ts";
import { buildLinked } from "../support/static.ts";

const HERE = dirname(fromFileUrl(import.meta.url));
const IS_REWRITTEN = Deno.build.arch === "x86_64";
const CALLS = 900;

/** @returns How many calls of the probe came by a signal; it makes 900 that the library answers. */
async function countSignals(dir: string, extra: Record<string, string>, ...before: string[]): Promise<number> {
  const probe = await buildProbe("registers", [], "static");
  const { LD_PRELOAD: _, ...env } = shimEnv(join(dir, "s"), extra);
  const command = ["strace", "-f", "-e", "trace=none", ...before, shimLibrary(), "run", "--", probe];
  const { code, stdout, stderr } = await run(command, { env, timeoutMs: 60_000 });
  assertStrictEquals(code, 0, stderr);
  assert(stdout.includes("registers that differ: 0"), stdout);
  return stderr.split("SIGSYS {").length - 1;
}

function testSignals(name: string, rewritten: boolean, extra: Record<string, string>, needed = true): void {
  Deno.test({
    name,
    ignore: !IS_REWRITTEN || !needed || !need("cc", "strace"),
    fn: () =>
      withDir(async (dir) => {
        const before = extra.MDWE === undefined
          ? []
          : [await buildLinked(join(HERE, "without_exec.c"), dir, "dynamic")];
        const { MDWE: _, ...settings } = extra;
        const count = await countSignals(dir, settings, ...before);
        assert(rewritten ? count < 20 : count >= CALLS, `${count} signals`);
      }),
  });
}

testSignals("a static program's calls come without a signal", true, {});
testSignals("with UNSOCK_PATCH=0 each of them is a signal", false, { UNSOCK_PATCH: "0" });
testSignals(
  "where memory that was written to may not be executed each of them is a signal, and nothing else is different",
  false,
  { MDWE: "1" },
  !isBefore(Deno.osRelease(), "6.3"),
);

/** Whether C belongs to it, and what is printed over TCP. */
for (const [name, flags, cgo] of [["static", [], "0"], ["dynamic", [], "1"], ["-race", ["-race"], "1"]] as const) {
  Deno.test({
    name: `a Go program, ${name}, goes on under a storm of signals, with GOGC=1 and a CPU profile, as over TCP`,
    ignore: !need("go", "cc"),
    fn: () =>
      withDir(async (dir) => {
        const program = join(dir, "urgent_signals");
        const env = {
          CGO_ENABLED: cgo,
          GOCACHE: join(HERE, "..", "..", "build", "gocache"),
          GOFLAGS: "-mod=mod",
        };
        const source = join(HERE, "urgent_signals.go");
        const built = await run(["go", "build", ...flags, "-o", program, source], { env, timeoutMs: 400_000 });
        assertStrictEquals(built.code, 0, built.stderr);
        const sockets = join(dir, "s");
        await Deno.mkdir(sockets);
        const { LD_PRELOAD: _, ...settings } = shimEnv(sockets, { GOGC: "1" });
        const { facts, traffic } = await runIsolated([shimLibrary(), "run", "--", program, "800"], settings);
        assertEquals(facts, [
          "errors: 0",
          "children: 20",
          "a profile: true",
          "signals: true",
          `first write after the peer's close: ${IS_REWRITTEN ? "<nil>" : facts.at(-1)?.split("close: ")[1]}`,
        ]);
        assertStrictEquals(traffic ?? 0, 0);
      }),
  });
}
