/** Where aarch64's code may be rewritten: the pure rules, by words and by a real program, which an emulator runs. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { AARCH64, ADDRESS, ANY, ask, checkProgram, type Line, rewritePages } from "../support/call_sites.ts";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";

const PROGRAM = join(dirname(fromFileUrl(import.meta.url)), "..", "trap", "waits.c");

/** Words, as aarch64's instructions are. */
function words(text: string): string {
  return text.trim().split(/\s+/).map((word) => word.replace(/^(..)(..)(..)(..)$/, "$4$3$2$1")).join("");
}

/** Behind the call, unless told: cmn x0,#4096; nop. */
function askWords(lines: readonly Line[]): Promise<string[]> {
  const behind = "b140041f d503201f";
  return ask(lines.map((line) => [line[0], words(line[1]), words(line[2] ?? behind)]), AARCH64);
}

function testWords(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: !need("aarch64-linux-gnu-gcc", "aarch64-libc", "qemu-aarch64"), fn });
}

const [CLOSE, SOCKET] = [57, 198];

/** Go's Syscall6; where glibc and musl can be cancelled; glibc without threads; its syscall(); musl without threads. */
const KNOWN_WORDS = [
  ["go", "f94007e8 f9400be0 f9400fe1 f94013e2 f94017e3 f9401be4 f9401fe5", "b13ffc1f 540000e3", "-1 4 0"],
  ["c", "aa0103e8 aa0203e0 aa0303e1 aa0403e2 aa0503e3 aa0603e4 aa0703e5", "d65f03c0 d503201f", "-1 4 0"],
  ["c", "0a020021 7100203f 54000061 97ffffca", "f9400bf3 a8c27bfd", "-1 0 0"],
  ["c", "2a0003e8 aa0103e0 aa0203e1 aa0303e2 aa0403e3 aa0503e4 aa0603e5 aa0703e6", "b13ffc1f d503201f", "-1 4 0"],
  ["c", "aa0003e8 aa0103e0 aa0203e1 aa0303e2 aa0403e3 aa0503e4 aa0603e5", "d65f03c0 d503201f", "-1 4 0"],
] as const;

testWords("functions of known libraries are known as a whole, and another word makes them unknown", async () => {
  const known = await askWords(KNOWN_WORDS.map(([kind, before, behind]) => [kind, before, behind]));
  assertEquals(known.map((answer) => answer.split(" ").slice(0, 3).join(" ")), KNOWN_WORDS.map((one) => one[3]));
  const unknown = await askWords(KNOWN_WORDS.flatMap(([kind, before, behind]) => [
    [kind === "go" ? "c" : "go", before, behind],
    [kind, before.replace(/^......../, "aa0903e0"), behind],
    [kind, before, `d503201f ${behind.slice(9)}`],
  ]));
  assertEquals(unknown, unknown.map(() => "no"));
});

testWords("a call is rewritten if x8 gets its number, and no branch is between that and the call", async () => {
  const answers = await askWords([
    ["c", "d65f03c0 d28018c8"], // mov x8,#198
    ["c", "d65f03c0 528018c8"], // mov w8,#198
    ["c", "d28018c8 93407c00 93407c21 910003fd"], // sxtw x0,w0; sxtw x1,w1; mov x29,sp
    ["c", "d2800728 b9800260"], // mov x8,#57; ldrsw x0,[x19]
    ["c", "d2800848 aa0003e0 d2800001 d2800002 d2800003 d2800004 d2800005 910003fd"], // mov x8,#66, seven more
  ]);
  assertEquals(answers.map((answer) => answer.split(" ").slice(0, 3).join(" ")), [
    "198 0 0",
    "198 0 0",
    "198 0 0",
    "57 0 0",
    "66 0 0",
  ]);
});

testWords("a word in a literal pool, or behind one, is left alone", async () => {
  const answers = await askWords([
    ["c", "d65f03c0 00000001"], // ret; a constant
    ["c", "d28018c8 d65f03c0"], // mov x8,#198; ret
    ["c", "d28018c8 14000002"], // b
    ["c", "d28018c8 94000002"], // bl
    ["c", "d28018c8 b4000040"], // cbz x0
    ["c", "d28018c8 d61f0200"], // br x16
    ["c", "d28018c8 d65f03c0 00400000 00000000"], // an address
    ["c", "d28018c8 00000000"],
    ["c", "d28018c8 d4000001 aa0003e0"], // another call between
    ["c", "d2804008"], // mov x8,#512
    ["c", "d2a018c8"], // mov x8,#198<<16
    ["c", "d28018c9"], // mov x9,#198
    ["c", "f28018c8"], // movk
    ["c", "d2800848 aa0003e0 d2800001 d2800002 d2800003 d2800004 d2800005 910003fd 910003fd"], // too far
    ["go", "d65f03c0 d28018c8"],
  ]);
  assertEquals(answers, answers.map(() => "no"));
});

/** An instruction with the way from its own address to another. */
function branch(instruction: number, from: number, to: number, bits: number, shift: number): string {
  const way = ((to - from) / 4) & (2 ** bits - 1);
  return ((instruction | (way << shift)) >>> 0).toString(16).padStart(8, "0");
}

testWords(
  "the stub checks the number, and makes the call itself only if the call was rewritten",
  async () => {
    const [stub, syscall, enter] = [0x700000, ADDRESS, 0x6ff000];
    const [[, ...go], [, ...cancel]] = KNOWN_WORDS;
    const answers = await askWords([
      ["c", "d65f03c0 d28018c8"],
      ["c", cancel[0], cancel[1]],
      ["go", go[0], go[1]],
    ]);
    const test = (at: number, out: number) => [
      "53107d10", // lsr w16,w8,#16
      branch(0x35000010, at + 4, out, 19, 5), // cbnz w16
      branch(0x58000010, at + 8, stub + 80, 19, 5), // ldr x16
      "38684a10", // ldrb w16,[x16,w8,uxtw]
      branch(0x34000010, at + 16, out, 19, 5), // cbz w16
      branch(0x58000010, at + 20, enter, 19, 5), // ldr x16
    ];
    const [push, pop] = ["a9bf7bf0", "a8c17bf0"];
    const onStack = (at: number) => [
      push,
      ...test(at + 4, at + 44),
      "d63f0200", // blr x16
      branch(0x34000010, at + 32, at + 44, 19, 5), // cbz w16
      pop,
      branch(0x14000000, at + 40, syscall + 4, 26, 0),
      pop,
    ];
    const own = [...onStack(stub), "d4000001", branch(0x14000000, stub + 52, syscall + 4, 26, 0)];
    const moved = ["aa0703e5", ...onStack(stub + 4), branch(0x14000000, stub + 52, syscall, 26, 0)];
    const registers = [
      "f9401fe5",
      branch(0x58000011, stub + 4, stub + 88, 19, 5), // ldr x17
      ...test(stub + 8, stub + 36),
      "d61f0200", // br x16
      branch(0x14000000, stub + 36, syscall, 26, 0),
    ];
    const data = "88776655443322110000500000000000";
    for (const [i, code] of [own, moved, registers].entries()) {
      const [made = "", jump = ""] = (answers[i] ?? "").split(" ").slice(3);
      assertStrictEquals(made, words(code.join(" ")).padEnd(160, "0") + data);
      assertStrictEquals(jump, words(branch(0x14000000, i === 0 ? syscall : syscall - 4, stub, 26, 0)));
    }
  },
);

testWords("a call at the start of a page is rewritten, behind a segment that has none", () =>
  withDir(async (dir) => {
    assertStrictEquals(await rewritePages(dir, AARCH64), "1 0 0");
  }));

testWords("in a real program each place is a call, and sockets' calls are found", () =>
  withDir(async (dir) => {
    const program = join(dir, "waits");
    const flags = ["-static", "-O1", "-pthread", "-o", program, PROGRAM];
    const { code, stderr } = await run(["aarch64-linux-gnu-gcc", ...flags]);
    assertStrictEquals(code, 0, stderr);
    await checkProgram(program, [ANY, CLOSE, SOCKET], AARCH64);
  }));
