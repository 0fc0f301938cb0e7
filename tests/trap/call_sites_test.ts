/** Where a program makes system calls, and what may be rewritten there: the pure rules, by bytes and by real programs. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import {
  ADDRESS,
  ANY,
  ask as askFor,
  buildAsker,
  checkProgram,
  type Line,
  rewritePages,
  X86_64,
} from "../support/call_sites.ts";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { findProgram, need } from "../support/programs.ts";
import { buildLinked, canLink, type Linking } from "../support/static.ts";

const HERE = dirname(fromFileUrl(import.meta.url));

function ask(lines: readonly Line[]): Promise<string[]> {
  return askFor(lines, X86_64);
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

testRules("an instruction that changes the number or the stack, or needs its own address, is left alone", async () => {
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

testRules("bytes that may be the end of a longer instruction are left alone", async () => {
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

/** The program's memory is checked, too. */
const CHECKED = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

testRules("a call at the start of a page is rewritten, behind a segment that has none", () =>
  withDir(async (dir) => {
    assertStrictEquals(await rewritePages(dir, X86_64, ...CHECKED), "1 -5 0");
  }));

Deno.test({
  name: "the rules read only the bytes that they get, and the search finds some calls in random bytes",
  ignore: Deno.build.arch !== "x86_64" || !need("cc"),
  fn: () =>
    withDir(async (dir) => {
      const program = await buildAsker(join(dir, "asker"), X86_64, ...CHECKED);
      const { code, stdout, stderr } = await run([program, "--random", "200000"], { timeoutMs: 120_000 });
      assertStrictEquals(code, 0, stderr);
      assertStrictEquals(stdout, "some found\n");
    }),
});

const [CLOSE, SOCKET, BIND, LISTEN, SETSOCKOPT] = [3, 41, 49, 50, 54];

for (const linking of ["static", "static-pie", "musl"] as const satisfies readonly Linking[]) {
  Deno.test({
    name: `in a real program, ${linking}, whole instructions are moved, and sockets' calls are found`,
    ignore: Deno.build.arch !== "x86_64" || !canLink(linking) || !need("objdump"),
    fn: () =>
      withDir(async (dir) => {
        const program = await buildLinked(join(HERE, "waits.c"), dir, linking);
        await checkProgram(program, linking === "musl" ? [ANY, SOCKET] : [ANY, CLOSE, SOCKET], X86_64);
      }),
  });
}

Deno.test({
  name: "in busybox whole instructions are moved, and sockets' calls are found",
  ignore: Deno.build.arch !== "x86_64" || !need("busybox", "objdump"),
  fn: () => checkProgram(findProgram("busybox") ?? "", [ANY, SOCKET, BIND, LISTEN, SETSOCKOPT], X86_64),
});
