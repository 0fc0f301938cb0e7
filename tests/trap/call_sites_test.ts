/** Where a program makes system calls, and what may be rewritten there: the pure rules, by bytes and by real programs. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { findProgram, need } from "../support/programs.ts";
import { buildLinked, canLink, type Linking } from "../support/static.ts";

const HERE = dirname(fromFileUrl(import.meta.url));
const ROOT = join(HERE, "..", "..");
const ADDRESS = 0x500000;

/** A machine whose code is looked at: what compiles for it, runs its programs, and shows their instructions. */
interface Machine {
  readonly compiler: readonly string[];
  readonly emulator: readonly string[];
  readonly objdump: string;
  readonly call: string;
  /** The instruction that loads a number, and where it can be. */
  readonly load: (number: string) => string;
  readonly places: (at: number, moved: number) => number[];
  readonly jump: number;
}

const X86_64: Machine = {
  compiler: ["cc"],
  emulator: [],
  objdump: "objdump",
  call: "syscall",
  load: (number) => `mov    $0x${number},%eax`,
  places: (at, moved) => [at - moved],
  jump: 5,
};
const AARCH64: Machine = {
  compiler: ["aarch64-linux-gnu-gcc", "-static"],
  emulator: ["qemu-aarch64"],
  objdump: "aarch64-linux-gnu-objdump",
  call: "svc\t#0x0",
  load: (number) => `mov\tx8, #0x${number} `,
  places: (at) => [1, 2, 3, 4, 5, 6, 7, 8].map((words) => at - 4 * words),
  jump: 4,
};

async function build(dir: string, machine: Machine, ...flags: string[]): Promise<string> {
  const binary = join(dir, "call_sites");
  const sources = ["tests/trap/call_sites.c", "c/rules/call_site.c", "c/rules/call_search.c", "c/rules/call_stub.c"]
    .map((file) => join(ROOT, file));
  const all = ["-std=gnu17", "-O1", "-Wall", "-Wextra", "-Werror", `-I${join(ROOT, "c")}`, ...flags];
  const built = await run([...machine.compiler, ...all, "-o", binary, ...sources]);
  assertStrictEquals(built.code, 0, built.stderr);
  return binary;
}

/** What the rules say of bytes before, and behind, a `syscall`. */
async function ask(
  lines: readonly (readonly [kind: string, before: string, behind?: string])[],
  machine = X86_64,
): Promise<string[]> {
  let answers: string[] = [];
  await withDir(async (dir) => {
    const text = lines.map(([kind, before, behind = "c3"]) => `${kind} ${bare(before)} ${bare(behind)}\n`).join("");
    const { code, stdout, stderr } = await run([...machine.emulator, await build(dir, machine), "-"], { stdin: text });
    assertStrictEquals(code, 0, stderr);
    answers = stdout.trimEnd().split("\n").map((line) => line.trim());
  });
  assertStrictEquals(answers.length, lines.length);
  return answers;
}

function bare(bytes: string): string {
  return bytes.replaceAll(" ", "");
}

function testRules(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: Deno.build.arch !== "x86_64" || !need("cc"), fn });
}

testRules(
  "a number, then instructions that mean the same anywhere, then the system call: all of them are moved",
  async () => {
    const number = "b8 31 00 00 00"; // mov $49,%eax
    const answers = await ask([
      ["c", `c3 90 ${number}`],
      ["c", `c3 ${number} 89 fb`], // mov %edi,%ebx
      ["c", `c3 ${number} 31 d2`], // xor %edx,%edx
      ["c", `c3 ${number} 48 63 f6`], // movslq %esi,%rsi
      ["c", `c3 ${number} 49 89 ca 4d 89 c8`], // mov %rcx,%r10; mov %r9,%r8
      ["c", `c3 ${number} be 04 00 00 00 41 ba 08 00 00 00`], // mov $4,%esi; mov $8,%r10d
      ["c", `c3 ${number} 48 83 ec 08`], // sub $8,%rsp
      ["c", `48 83 c4 08 c3 90 ${number}`], // behind add $8,%rsp; ret; nop
    ]);
    assertEquals(answers.map((answer) => answer.split(" ").slice(0, 3).join(" ")), [
      "49 5 0",
      "49 7 0",
      "49 7 0",
      "49 8 0",
      "49 11 0",
      "49 16 0",
      "49 9 0",
      "49 5 0",
    ]);
  },
);

testRules("what changes the number, the stack, or needs its address is left alone", async () => {
  const number = "b8 31 00 00 00";
  const answers = await ask([
    ["c", `c3 ${number} 89 d0`], // mov %edx,%eax
    ["c", `c3 ${number} 31 c0`], // xor %eax,%eax
    ["c", `c3 ${number} 48 63 c7`], // movslq %edi,%rax
    ["c", `c3 ${number} b8 01 02 00 00`], // another number, beyond the table
    ["c", `c3 ${number} 48 89 fc`], // mov %rdi,%rsp
    ["c", `c3 ${number} 48 8d 35 00 01 00 00`], // lea 256(%rip),%rsi
    ["c", `c3 ${number} 8b 3d 00 01 00 00`], // mov 256(%rip),%edi
    ["c", `c3 ${number} e8 00 00 00 00`], // call
    ["c", `c3 ${number} 74 00`], // je
    ["c", `c3 ${number} 64 8b 3c 25 10 00 00 00`], // mov %fs:16,%edi
    ["c", `c3 ${number} 53`], // push %rbx
    ["c", `c3 b8 00 02 00 00`], // 512
    ["c", `c3 31 00 00 00`],
    ["go", `c3 ${number}`], // Go has one form
  ]);
  assertEquals(answers, answers.map(() => "no"));
});

testRules("what may be the end of a longer instruction is left alone", async () => {
  const number = "b8 31 00 00 00";
  const answers = await ask([
    ["c", `90 90 48 ${number}`], // movabs
    ["c", `90 90 41 ${number}`], // mov $49,%r8d
    ["c", `90 90 66 ${number}`], // mov $49,%ax; add %al,(%rax)
    ["c", `90 90 c7 45 ${number}`], // movl $49,-72(%rbp)
    ["c", `90 90 c7 44 24 ${number}`], // movl $49,-72(%rsp)
    ["c", `90 90 81 7d ${number}`], // cmpl $49,-72(%rbp)
    ["c", `90 90 69 45 ${number}`], // imul $49,-72(%rbp),%eax
    ["c", `90 90 41 8b ${number}`], // mov 49(%r8),%edi
    ["c", `90 90 49 8b ${number}`], // mov 49(%r8),%rdi
    ["c", `90 90 41 0f b6 ${number}`], // movzbl 49(%r8),%edi
    ["c", `90 90 41 8b bc ${number}`], // mov 49(%r8,%rdi,4),%edi
    ["c", `90 c4 c1 7b 10 ${number}`], // vmovsd 49(%r8),%xmm7
    ["c", `62 d1 7c 48 10 ${number}`], // vmovups 49(%r8),%zmm7
    ["c", `48 bf 01 02 03 ${number}`], // movabs $0x31b8030201,%rdi
  ]);
  assertEquals(answers, answers.map(() => "no"));
});

testRules("functions of known libraries are known as a whole, and a byte more or less makes them unknown", async () => {
  const go = ["49 89 f2 48 89 fa 48 89 ce 48 89 df", "48 3d 01 f0 ff ff 76 15"] as const;
  const cancel = "4d 89 ca 4c 8b 44 24 08 4c 8b 4c 24 10 4c 89 5c 24 08";
  const raw = "48 89 f8 48 89 f7 48 89 d6 48 89 ca 4d 89 c2 4d 89 c8 4c 8b 4c 24 08";
  const musl = "48 89 f8 4d 89 c2 48 89 f7 4d 89 c8 48 89 d6 4c 8b 4c 24 08 48 89 ca";
  const known = await ask([
    ["go", ...go],
    ["c", cancel],
    ["c", "48 8b 44 24 10", "5b c3"],
    ["c", raw, "48 3d 01 f0 ff ff 73 01"],
    ["c", musl],
  ]);
  assertEquals(known.map((answer) => answer.split(" ").slice(0, 3).join(" ")), [
    "-1 6 1",
    "-1 5 0",
    "-1 5 0",
    "-1 5 0",
    "-1 8 0",
  ]);
  const unknown = await ask([
    ["c", ...go],
    ["go", go[0], "48 3d 01 f0 ff ff 77 15"],
    ["go", go[0].replace("49 89 f2", "49 89 f3"), go[1]],
    ["go", cancel],
    ["c", cancel, "90"],
    ["c", cancel.replace("4d 89 ca", "4d 89 cb")],
    ["c", "48 8b 44 24 10", "c3"],
    ["c", raw, "c3"],
    ["c", musl, "90"],
  ]);
  assertEquals(unknown, unknown.map(() => "no"));
});

testRules("the stub makes the moved instructions, and goes on behind the system call, or back to it", async () => {
  const [loaded = "", any = ""] = await ask([["c", "c3 b8 31 00 00 00 31 d2"], ["c", "48 8b 44 24 10", "5b c3"]]);
  // mov $49,%eax; xor %edx,%edx; lea 0x500002(%rip),%rcx; jmp *0x6ff000(%rip)
  assertStrictEquals(
    loaded,
    `49 7 0 b83100000031d2488d0d${way(0x70000e, 0x500002)}ff25${way(0x700014, 0x6ff000)} ${jump(7)}`,
  );
  // mov 16(%rsp),%rax; then the number: more than 16 bits, or 0 in the table: to the end
  const head = "488b442410" + "89c1" + "0fc9" + "0fb7c9" + "e302" + "eb21" + "0fb7c8" + "49bb8877665544332211" +
    "410fb60c0b" + "e30d";
  assertStrictEquals(head.length / 2, 36);
  assertStrictEquals(
    any,
    `-1 5 0 ${head}488d0d${way(0x70002b, 0x500002)}ff25${way(0x700031, 0x6ff000)}e9${way(0x700036, 0x500000)} ${
      jump(5)
    }`,
  );
});

function way(behind: number, to: number): string {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, to - behind, true);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function jump(moved: number): string {
  return `e9${way(ADDRESS - moved + 5, 0x700000)}`;
}

Deno.test({
  name: "the rules read nothing but the bytes that they are given, and the search finds what there is",
  ignore: Deno.build.arch !== "x86_64" || !need("cc"),
  fn: () =>
    withDir(async (dir) => {
      const program = await build(dir, X86_64, "-fsanitize=address,undefined", "-fno-sanitize-recover=all");
      const { code, stdout, stderr } = await run([program, "--random", "200000"], { timeoutMs: 120_000 });
      assertStrictEquals(code, 0, stderr);
      assertStrictEquals(stdout, "some found\n");
    }),
});

/** The addresses of a program's instructions, as a disassembler finds them from the start of each function. */
async function instructions(program: string, objdump: string): Promise<Map<number, string>> {
  const { code, stdout, stderr } = await run([objdump, "-d", "-w", "--no-show-raw-insn", program], {
    timeoutMs: 120_000,
  });
  assertStrictEquals(code, 0, stderr);
  return new Map(
    Array.from(stdout.matchAll(/^ *([0-9a-f]+):\t(.*)$/gm), ([, at = "", text = ""]) => [parseInt(at, 16), text]),
  );
}

/** Every place in a program must begin and end where instructions do; some there must be. */
async function checkProgram(
  dir: string,
  program: string,
  needed: readonly number[],
  machine = X86_64,
): Promise<void> {
  const known = await instructions(program, machine.objdump);
  const { stdout } = await run([...machine.emulator, await build(dir, machine), program, "c"], { timeoutMs: 60_000 });
  const numbers = new Set<number>();
  for (const line of stdout.trimEnd().split("\n")) {
    const [address = "", ...rest] = line.split(" ");
    const at = parseInt(address, 16);
    if (rest[0] === "no") continue;
    const [number = 0, moved = 0, cut = 0] = rest.map(Number);
    assertStrictEquals(known.get(at)?.trim(), machine.call, `at ${address} is no instruction of its own`);
    assert(known.has(at - moved), `${address}: what is moved begins in the middle of an instruction`);
    const behind = at - moved + machine.jump;
    assert(cut > 0 || moved === machine.jump || known.has(behind), `${address}: the jump ends in the middle of one`);
    const load = machine.load(number.toString(16));
    if (number >= 0) assert(machine.places(at, moved).some((place) => known.get(place)?.startsWith(load)), address);
    numbers.add(number);
  }
  assertEquals(needed.filter((number) => !numbers.has(number)), [], "numbers of calls that are not found");
}

const ANY = -1;
const [CLOSE, SOCKET, BIND, LISTEN, SETSOCKOPT] = [3, 41, 49, 50, 54];

for (const linking of ["static", "static-pie", "musl"] as const satisfies readonly Linking[]) {
  Deno.test({
    name: `in a real program, ${linking}, whole instructions are moved, and sockets' calls are found`,
    ignore: Deno.build.arch !== "x86_64" || !canLink(linking) || !need("objdump"),
    fn: () =>
      withDir(async (dir) => {
        const program = await buildLinked(join(HERE, "waits.c"), dir, linking);
        await checkProgram(dir, program, linking === "musl" ? [ANY, SOCKET] : [ANY, CLOSE, SOCKET]);
      }),
  });
}

Deno.test({
  name: "in busybox whole instructions are moved, and sockets' calls are found",
  ignore: Deno.build.arch !== "x86_64" || !need("busybox", "objdump"),
  fn: () => withDir((dir) => checkProgram(dir, findProgram("busybox") ?? "", [ANY, SOCKET, BIND, LISTEN, SETSOCKOPT])),
});

/** Words, as aarch64's instructions are. */
function words(text: string): string {
  return text.trim().split(/\s+/).map((word) => word.replace(/^(..)(..)(..)(..)$/, "$4$3$2$1")).join("");
}

async function askWords(lines: readonly (readonly [kind: string, before: string, behind?: string])[]) {
  const answers = await ask(
    lines.map(([kind, before, behind = "b140041f d503201f"]) => [kind, words(before), words(behind)]),
    AARCH64,
  );
  return answers;
}

function testWords(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `aarch64: ${name}`, ignore: !need("aarch64-linux-gnu-gcc", "aarch64-libc", "qemu-aarch64"), fn });
}

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

testWords("a number in x8, and nothing that leads elsewhere, up to the call: the call is rewritten", async () => {
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
  "the stub looks at the number, goes on, and makes the call itself only where that was rewritten",
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
      branch(0x14000000, at + 32, at + 44, 26, 0),
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

testWords("in a real program each place is a call, and sockets' calls are found", () =>
  withDir(async (dir) => {
    const program = join(dir, "waits");
    const flags = ["-static", "-O1", "-pthread", "-o", program, join(HERE, "waits.c")];
    const { code, stderr } = await run(["aarch64-linux-gnu-gcc", ...flags]);
    assertStrictEquals(code, 0, stderr);
    await checkProgram(dir, program, [ANY, 57, 198], AARCH64);
  }));
