/** Go programs make their system calls themselves, on stacks of their own: trapped, in each way that they are linked. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { runIsolated } from "../support/probe.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { libraryEnv, libraryFile } from "../support/library.ts";
import { buildLinked } from "../support/static.ts";

const HERE = dirname(fromFileUrl(import.meta.url));
const BUILD_MS = 400_000;

/** Flags of `go build`, and whether C belongs to it. */
const MODES: Readonly<Record<string, { flags: string[]; cgo: boolean }>> = {
  "static": { flags: [], cgo: false },
  "position-independent": { flags: ["-buildmode=pie"], cgo: false },
  "with C": { flags: [], cgo: true },
  "position-independent with C": { flags: ["-buildmode=pie"], cgo: true },
  "static, position-independent with C": {
    flags: ["-buildmode=pie", "-tags=netgo,osusergo", "-ldflags=-linkmode external -extldflags -static-pie"],
    cgo: true,
  },
  "with the race detector": { flags: ["-race"], cgo: true },
};

async function buildGo(
  binary: string,
  { flags, cgo }: { flags: string[]; cgo: boolean },
  sources = ["exchange.go"],
): Promise<string> {
  const env = {
    CGO_ENABLED: cgo ? "1" : "0",
    GOCACHE: join(HERE, "..", "..", "build", "gocache"),
    GOFLAGS: "-mod=mod",
  };
  const files = sources.map((source) => join(HERE, source));
  const { code, stderr } = await run(["go", "build", ...flags, "-o", binary, ...files], { env, timeoutMs: BUILD_MS });
  assertStrictEquals(code, 0, stderr);
  return binary;
}

async function exchangeThousands(
  dir: string,
  binary: string,
  extra: Record<string, string> = {},
  under: readonly string[] = [],
): Promise<void> {
  const child = await buildLinked(join(HERE, "child.c"), dir, "static");
  const sockets = join(dir, "s");
  await Deno.mkdir(sockets);
  const { LD_PRELOAD: _, ...settings } = libraryEnv(sockets, { GOGC: "1", ...extra });
  const command = [...under, libraryFile(), "run", "--", binary, "10000", child, sockets, "20997", "x"];
  const { facts, traffic } = await runIsolated(command, settings);
  assertEquals(facts, ["10000 exchanges, 0 errors", `file: ${binary}`, "child: redirected 1 0 x", "<nil>"]);
  assertStrictEquals(traffic ?? 0, 0);
}

Deno.test({
  name: "a Go program's heap is looked at once, and not with each call",
  ignore: !need("go") || !need("cc") || !need("strace"),
  fn: () =>
    withDir(async (dir) => {
      const binary = await buildGo(join(dir, "exchange"), { flags: [], cgo: false });
      const child = await buildLinked(join(HERE, "child.c"), dir, "static");
      const sockets = join(dir, "s");
      const { LD_PRELOAD: _, ...env } = libraryEnv(sockets, {});
      const looks = join(dir, "looks");
      const strace = ["strace", "-f", "-qq", "-o", looks, "-e", "trace=rt_sigprocmask", "-e", "signal=none"];
      const command = [...strace, libraryFile(), "run", "--", binary, "300", child, sockets, "20996", "x"];
      const { stdout, stderr } = await run(command, { env, timeoutMs: 60_000 });
      assertStrictEquals(stdout.split("\n")[0], "300 exchanges, 0 errors", stderr);
      const count = (await Deno.readTextFile(looks)).split("rt_sigprocmask(").length - 1;
      assert(count < 1_500, `${count} looks, in 300 exchanges`);
    }),
});

for (const [mode, how] of Object.entries(MODES)) {
  Deno.test({
    name: `a Go program, ${mode}: 10,000 connections without an error, none over TCP, and its child is redirected`,
    ignore: !need("go") || !need("cc"),
    fn: () => withDir(async (dir) => await exchangeThousands(dir, await buildGo(join(dir, "exchange"), how))),
  });
}

for (const mode of ["static", "with C"] as const) {
  Deno.test({
    name: `a Go program, ${mode}: Read says ECONNREFUSED after a datagram to nobody, and then hears the server alone`,
    ignore: !need("go") || !need("cc"),
    fn: () =>
      withDir(async (dir) => {
        const how = MODES[mode];
        assert(how);
        const binary = await buildGo(join(dir, "refused"), how, ["refused_read.go"]);
        const { LD_PRELOAD: _, ...settings } = libraryEnv(dir, {});
        const over = await runIsolated([binary, "127.0.0.1:20995"]);
        const { facts } = await runIsolated([libraryFile(), "run", "--", binary, "127.0.0.1:20995"], settings);
        assertEquals(facts, over.facts);
        assertEquals(facts.slice(0, 2), ["write: <nil>", "read: connection refused"]);
      }),
  });
}

Deno.test({
  name:
    "a C program with a library in Go, under UNSOCK_ENGINE=trap: 10,000 connections without an error, none over TCP",
  ignore: !need("go") || !need("cc"),
  fn: () =>
    withDir(async (dir) => {
      const library = join(dir, "libexchange.so");
      await buildGo(library, { flags: ["-buildmode=c-shared"], cgo: true }, ["exchange.go", "shared.go"]);
      const binary = join(dir, "exchange");
      const { code, stderr } = await run(["cc", "-o", binary, join(HERE, "shared.c"), library, `-Wl,-rpath,${dir}`]);
      assertStrictEquals(code, 0, stderr);
      await exchangeThousands(dir, binary, { UNSOCK_ENGINE: "trap" });
    }),
});

for (const [mode, kind] of Object.entries({ static: "static", "with C": "dynamic" })) {
  Deno.test({
    name: `a ${kind} Go program goes on below a service's list of allowed calls`,
    ignore: !need("go", "cc"),
    fn: () =>
      withDir(async (dir) => {
        const filtered = await buildLinked(join(HERE, "filtered.c"), dir, "dynamic");
        const binary = await buildGo(join(dir, "exchange"), MODES[mode] ?? { flags: [], cgo: false });
        await exchangeThousands(dir, binary, {}, [filtered, "service"]);
      }),
  });
}

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
        const built = await run(["go", "build", ...flags, "-o", program, source], { env, timeoutMs: BUILD_MS });
        assertStrictEquals(built.code, 0, built.stderr);
        const sockets = join(dir, "s");
        await Deno.mkdir(sockets);
        const { LD_PRELOAD: _, ...settings } = libraryEnv(sockets, { GOGC: "1" });
        const { facts, traffic } = await runIsolated([libraryFile(), "run", "--", program, "800"], settings);
        assertEquals(facts, [
          "errors: 0",
          "children: 20",
          "a profile: true",
          "signals: true",
          "first write after the peer's close: <nil>",
        ]);
        assertStrictEquals(traffic ?? 0, 0);
      }),
  });
}
