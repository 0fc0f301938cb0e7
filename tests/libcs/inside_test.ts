/** Calls inside libc in a preloaded program: its streams write without any exported symbol. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { isReachedInside } from "../support/glibc.ts";
import { isBefore } from "../support/kernel.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { libraryEnv } from "../support/library.ts";
import { buildLinked } from "../support/static.ts";

const HERE = fromFileUrl(new URL(".", import.meta.url));
const ROOT = join(HERE, "..", "..");

/** `sub $16,%rsp`, then the registers and the number, in the order of Debian's build. */
const PIECES = ["4883ec10", "4863ff", "4531c9", "4531c0", "6a01", "31c9"];
const CALL = "e84aabf8ff"; // call -0x754b6
const ENDBR64 = "f30f1efa";
const ENDS = "4883c418c3";
const CANCEL = "4883ec10ff742418e873ffffff5a59483d00f0ffff77094883c408c3";

const HERE_COMPILED = { compiler: ["cc", "-fsanitize=address,undefined"], emulator: [] as string[] };
const AARCH64 = { compiler: ["aarch64-linux-gnu-gcc", "-static"], emulator: ["qemu-aarch64"] };

/** Returns the rule's answer for each pair of functions. */
async function ask(
  dir: string,
  pairs: readonly (readonly [write: string, cancel: string])[],
  { compiler, emulator } = HERE_COMPILED,
): Promise<string[]> {
  const program = join(dir, "inside");
  const flags = ["-std=gnu17", "-O1", "-Wall", "-Wextra", "-Werror"];
  const rules = ["c/rules/libc_write.c", "c/rules/call_site.c"].map((file) => join(ROOT, file));
  const built = await run([
    ...compiler,
    ...flags,
    `-I${join(ROOT, "c")}`,
    "-o",
    program,
    join(HERE, "inside.c"),
    ...rules,
  ]);
  assertStrictEquals(built.code, 0, built.stderr);
  const stdin = pairs.map((pair) => `${pair.join(" ")}\n`).join("");
  const { code, stdout, stderr } = await run([...emulator, program], { stdin });
  assertStrictEquals(code, 0, stderr);
  return stdout.trimEnd().split("\n");
}

/** The same bytes with one of them changed, for each but those that may be any: four of them, unless told, from a place on. */
function otherBytes(bytes: string, ...any: readonly (readonly [at: number, count?: number])[]): string[] {
  return Array.from({ length: bytes.length / 2 }, (_, at) => at)
    .filter((at) => !any.some(([from, count = 4]) => at >= from && at < from + count))
    .map((at) => {
      const byte = parseInt(bytes.slice(2 * at, 2 * at + 2), 16) ^ 0x10;
      return bytes.slice(0, 2 * at) + byte.toString(16).padStart(2, "0") + bytes.slice(2 * at + 2);
    });
}

function testRule(name: string, fn: (dir: string) => Promise<void>): void {
  Deno.test({ name, ignore: Deno.build.arch !== "x86_64" || !need("cc"), fn: () => withDir(fn) });
}

testRule("glibc's write since 2.41 is known by its bytes, whatever their order, and by no others", async (dir) => {
  const write = PIECES.join("") + CALL + ENDS;
  const reversed = PIECES.toReversed().join("") + CALL + ENDS;
  const known = await ask(dir, [[write, CANCEL], [reversed, CANCEL], [ENDBR64 + write, CANCEL]]);
  assertEquals(known, ["0 -480416", "0 -480416", "4 -480412"]);
  const twice = [...PIECES.slice(0, 5), "6a01"].join("") + CALL + ENDS;
  const callAt = PIECES.join("").length / 2 + 1;
  const unknown: [string, string][] = [
    [twice, CANCEL],
    [PIECES.slice(1).join("") + CALL + ENDS, CANCEL],
    ...otherBytes(write, [callAt]).map((bytes) => [bytes, CANCEL] as [string, string]),
    // The last bytes only set errno.
    ...otherBytes(CANCEL.slice(0, 44), [9]).map((bytes) => [write, bytes] as [string, string]),
  ];
  assertEquals(await ask(dir, unknown), unknown.map(() => "no"));
});

testRule("glibc's write before 2.41 has a part for threads, which is known by its bytes", async (dir) => {
  const alone = "b8010000000f05483d00f0ffff7758c3";
  const part = "4883ec284889542418488974241089" + "7c2408" + "e8a9d4f8ff" + "488b542418488b7424104189c08b7c2408" +
    "b8010000000f05";
  const asks = "803d91320e0000" + "7417" + alone + "0f1f8000000000" + part; // 2.36
  const thread = "648b042518000000" + "85c0" + "7514" + alone + "0f1f4000" + part; // 2.31
  const pairs = [asks, thread, ENDBR64 + asks].map((write) => [write, CANCEL] as [string, string]);
  assertEquals(await ask(dir, pairs), ["0 32", "0 32", "4 36"]);
  const unknown = [
    // Not the addresses, the way to errno, what nobody runs, and what is called.
    ...otherBytes(asks, [2], [23, 9], [51]),
    ...otherBytes(thread, [26, 6], [51]),
    asks.replace("7417", "7430"),
    asks.replace("7417", "7497"),
  ].map((write) => [write, CANCEL] as [string, string]);
  assertEquals(await ask(dir, unknown), unknown.map(() => "no"));
});

Deno.test({
  name: "aarch64: glibc's write since 2.41 is known by its bytes, and by no others",
  ignore: !need("aarch64-linux-gnu-gcc", "aarch64-libc", "qemu-aarch64"),
  fn: () =>
    withDir(async (dir) => {
      // bti c; sxtw x0,w0; mov x6,#64; …; b -0x61e6c, whose upper six bits say what it is.
      const write = "5f2403d5" + "007c4093" + "060880d2" + "050080d2" + "040080d2" + "030080d2" + "6578fe17";
      const cancel = "3f2303d5" + "fd7bbfa9" + "fd030091" + "daffff97" + "1f044031" + "a8000054";
      const unknown = [
        ...otherBytes(write, [24, 3]).map((bytes) => [bytes, cancel] as const),
        ...otherBytes(cancel, [12, 3]).map((bytes) => [write, bytes] as const),
      ];
      assertEquals(await ask(dir, [[write, cancel], ...unknown], AARCH64), ["4 -400980", ...unknown.map(() => "no")]);
    }),
});

interface Changed {
  changed: number;
  facts: string[];
  log: string;
}

/** Runs the program of streams.c, preloaded or not, perhaps behind another. */
async function runStreams(dir: string, what: string, env: Record<string, string>, ...before: string[]) {
  const program = await buildLinked(join(HERE, "streams.c"), dir, "dynamic");
  const { code, stdout, stderr } = await run([...before, program, what], { env });
  assertStrictEquals(code, 0, stderr);
  const [first = "", ...facts] = stdout.trimEnd().split("\n");
  const log = await Deno.readTextFile(join(dir, "log")).catch(() => "");
  return { changed: Number(first.split(": ")[1]), facts, log } satisfies Changed;
}

for (
  const [what, name] of [
    ["cancel", "a thread that waits in a stream's write can be cancelled"],
    ["threads", "threads that print while signals come lose nothing"],
    ["handle", "the function of libc.so.6 itself is a write as every other"],
  ] as const
) {
  Deno.test({
    name: `the library handles writes inside libc: ${name}`,
    ignore: !need("cc"),
    fn: () =>
      withDir(async (dir) => {
        const without = await runStreams(dir, what, {});
        const { changed, facts } = await runStreams(dir, what, libraryEnv(join(dir, "s")));
        assertEquals(facts, without.facts);
        assertStrictEquals(changed, isReachedInside() ? 1 : 0);
      }),
  });
}

for (const how of ["UNSOCK_PATCH=0", "prctl", "seccomp"]) {
  Deno.test({
    name: `libc is left as it is where it may not be changed: ${how}`,
    ignore: !need("cc") || (how === "prctl" && isBefore(Deno.osRelease(), "6.3")),
    fn: () =>
      withDir(async (dir) => {
        const off = how === "UNSOCK_PATCH=0";
        const env = libraryEnv(join(dir, "s"), { UNSOCK_LOG: join(dir, "log"), ...off ? { UNSOCK_PATCH: "0" } : {} });
        const refusing = off
          ? []
          : [await buildLinked(join(HERE, "..", "trap", "without_exec.c"), dir, "dynamic"), how];
        const { changed, facts, log } = await runStreams(dir, "handle", env, ...refusing);
        assertStrictEquals(changed, 0);
        assertEquals(facts, ["written: 5, read: 5, to none: -1, EBADF, hello"]);
        if (!off && isReachedInside()) assertMatch(log, / streams-dynamic rewrite 0 - - E(ACCES|PERM)\n/);
      }),
  });
}
