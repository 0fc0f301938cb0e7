/** The trap door's seccomp filter, asked by an interpreter. The system calls' numbers are this machine's. */
import { assert, assertStrictEquals, assertThrows } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { writeTables } from "../../scripts/build.ts";
import { filterHeader } from "../../scripts/filter.ts";
import { type Instruction, runFilter } from "../support/bpf.ts";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";

const ROOT = join(dirname(fromFileUrl(import.meta.url)), "..", "..");
const MACHINE = Deno.build.arch === "aarch64" ? 0xc00000b7 : 0xc000003e;
const OTHER_MACHINE = 0x40000003; // i386
const ALLOW = 0x7fff0000;
const ENOSYS = 0x00050000 | 38;
const FD = 7n;
const POINTER = 0x7ffd_1234_5678n;

/** The output of tests/trap/print_filter.c. */
class Filter {
  readonly program: Instruction[] = [];
  readonly trapped: { number: number; when: number }[] = [];
  readonly calls = new Map<string, { number: number; mark: number }>();
  readonly values = new Map<string, number>();

  constructor(printed: string) {
    for (const line of printed.trim().split("\n")) {
      const [kind = "", ...words] = line.split(" ");
      const [a = 0, b = 0, c = 0, d = 0] = words.map(Number);
      if (kind === "instruction") this.program.push({ code: a, jt: b, jf: c, k: d });
      else if (kind === "trapped") this.trapped.push({ number: a, when: b });
      else if (kind === "call") this.calls.set(words[0] ?? "", { number: b, mark: c });
      else this.values.set(kind, a);
    }
  }

  value(name: string): number {
    const value = this.values.get(name);
    assert(value !== undefined, name);
    return value;
  }

  call(name: string): { number: number; mark: number } {
    const found = this.calls.get(name);
    assert(found, name);
    return found;
  }

  verdict(name: string, ...args: bigint[]): number {
    return runFilter(this.program, { number: this.call(name).number, machine: MACHINE, args });
  }

  get trap(): number {
    return 0x00030000 | this.value("tag");
  }
}

function testFilter(name: string, check: (filter: Filter) => void): void {
  Deno.test({
    name,
    ignore: !need("cc"),
    fn: () =>
      withDir(async (dir) => {
        const binary = join(dir, "print_filter");
        await writeTables();
        const flags = ["-std=c17", "-O1", "-Wall", "-Wextra", "-Werror", `-I${join(ROOT, "c")}`];
        const built = await run(["cc", ...flags, "-o", binary, join(ROOT, "tests/trap/print_filter.c")]);
        assertStrictEquals(built.code, 0, built.stderr);
        check(new Filter((await run([binary])).stdout));
      }),
  });
}

Deno.test("a call that is always trapped, without an argument for a mark, is decided by nothing else", () => {
  const rows = "ROW getppid 110 NONE ALWAYS END ROW socketpair 53 NONE IF_VALUE(1, 2) END";
  const lines = filterHeader(rows, "MACHINE").split("\n").filter((line) => line.startsWith("    "));
  const at = lines.findIndex((line) => line.includes("BPF_JEQ | BPF_K, 110, "));
  const [, distance] = /110, (\d+), /.exec(lines[at] ?? "") ?? [];
  assert(lines[at + 1 + Number(distance)]?.includes("SECCOMP_RET_TRAP"), lines.join("\n"));
});

testFilter(
  "the filter traps what the list of calls names, and lets the library's own calls of the same kind through",
  (filter) => {
    const mark = BigInt(filter.value("mark")) << 32n;
    for (const { number } of filter.trapped.filter(({ when }) => when === 0)) {
      const ask = (...args: bigint[]) => runFilter(filter.program, { number, machine: MACHINE, args });
      assertStrictEquals(ask(FD), filter.trap, `call ${number}`);
      assertStrictEquals(ask(-1n, -1n, -1n, -1n, -1n, -1n), filter.trap, `call ${number}: nothing but ones is no mark`);
      const marked = [0, 3, 5].map((place) =>
        ask(...[0n, 0n, 0n, 0n, 0n, 0n].map((_, i) => i === place ? mark | 3n : 3n))
      );
      assertStrictEquals(
        marked.filter((verdict) => verdict === ALLOW).length,
        1,
        `call ${number}: one argument has the mark`,
      );
    }
  },
);

testFilter("the mark is looked for in one half of one argument", (filter) => {
  const mark = BigInt(filter.value("mark"));
  assertStrictEquals(filter.verdict("bind", mark << 32n | FD), ALLOW);
  assertStrictEquals(filter.verdict("bind", mark), filter.trap);
  assertStrictEquals(
    filter.verdict("bind", FD, mark << 32n, mark << 32n, mark << 32n, mark << 32n, mark << 32n),
    filter.trap,
  );
  assertStrictEquals(filter.verdict("execve", mark << 32n, 0n, 0n, 0n), filter.trap);
  assertStrictEquals(filter.verdict("execve", POINTER, 0n, 0n, mark << 32n), ALLOW);
});

testFilter("send and recv, without an address, are not trapped", (filter) => {
  for (const name of ["sendto", "recvfrom"]) {
    assertStrictEquals(filter.verdict(name, FD, POINTER, 1n, 0n, 0n, 0n), ALLOW);
    assertStrictEquals(filter.verdict(name, FD, POINTER, 1n, 0n, POINTER, 16n), filter.trap);
    assertStrictEquals(
      filter.verdict(name, FD, POINTER, 1n, 0n, 1n << 40n, 16n),
      filter.trap,
      "a pointer whose lower half is 0",
    );
  }
});

testFilter("recv is trapped with MSG_ERRQUEUE, or with MSG_PEEK and MSG_WAITALL", (filter) => {
  const peek = 2n, all = 0x100n, errors = 0x2000n, wait = 0x40n;
  for (const flags of [0n, peek, all, wait, peek | wait, all | wait]) {
    assertStrictEquals(filter.verdict("recvfrom", FD, POINTER, 1n, flags, 0n, 0n), ALLOW);
  }
  for (const flags of [errors, errors | peek, peek | all, peek | all | wait]) {
    assertStrictEquals(filter.verdict("recvfrom", FD, POINTER, 1n, flags, 0n, 0n), filter.trap);
  }
});

testFilter("calls that are about signals are trapped when they bring a mask", (filter) => {
  assertStrictEquals(filter.verdict("ppoll", POINTER, 1n, 0n, 0n, 8n), ALLOW);
  assertStrictEquals(filter.verdict("ppoll", POINTER, 1n, 0n, POINTER, 8n), filter.trap);
  assertStrictEquals(filter.verdict("pselect6", 1n, 0n, 0n, 0n, 0n, POINTER), filter.trap);
  assertStrictEquals(filter.verdict("pselect6", 1n, 0n, 0n, 0n, 0n, 0n), ALLOW);
  assertStrictEquals(filter.verdict("epoll_pwait", FD, POINTER, 1n, 0n, 0n, 8n), ALLOW);
  assertStrictEquals(filter.verdict("epoll_pwait", FD, POINTER, 1n, 0n, POINTER, 8n), filter.trap);
  const [block, unblock, set] = [0n, 1n, 2n];
  assertStrictEquals(filter.verdict("rt_sigprocmask", block, POINTER, 0n, 8n), filter.trap);
  assertStrictEquals(filter.verdict("rt_sigprocmask", set, POINTER, 0n, 8n), filter.trap);
  assertStrictEquals(filter.verdict("rt_sigprocmask", unblock, POINTER, 0n, 8n), ALLOW);
});

testFilter("fcntl and ioctl are trapped only for commands about sockets", (filter) => {
  for (
    const [command, trapped] of [[0n, true], [1030n, true], [4n, true], [8n, true], [15n, true], [1n, false], [
      2n,
      false,
    ], [3n, false]] as const
  ) {
    assertStrictEquals(filter.verdict("fcntl", FD, command), trapped ? filter.trap : ALLOW, `fcntl ${command}`);
  }
  for (
    const [request, trapped] of [[0x5421n, true], [0x5411n, true], [0x541bn, true], [0x8912n, true], [
      0x5401n,
      false,
    ]] as const
  ) {
    assertStrictEquals(filter.verdict("ioctl", FD, request), trapped ? filter.trap : ALLOW, `ioctl ${request}`);
  }
});

testFilter("data and signal returns go to the kernel; io_uring and clone3 are not there", (filter) => {
  for (const name of ["read", "write", "rt_sigreturn", "clone"]) {
    assertStrictEquals(filter.verdict(name, FD), ALLOW, name);
  }
  for (const name of ["io_uring_setup", "clone3"]) assertStrictEquals(filter.verdict(name, POINTER), ENOSYS, name);
});

testFilter("the filter says that it is there, and is for this machine's calls", (filter) => {
  const probe = BigInt(filter.value("probe")) << 32n;
  assertStrictEquals(filter.verdict("socket", 0n, 0n, 0n, probe), 0x00050000 | filter.value("probe_errno"));
  assert(filter.value("probe_errno") < 4096, "the kernel cuts off a larger errno");
  const number = filter.call("socket").number;
  assertStrictEquals(runFilter(filter.program, { number, machine: OTHER_MACHINE }), ALLOW);
  assertStrictEquals(runFilter(filter.program, { number: number | 0x40000000, machine: MACHINE }), ENOSYS, "x32");
});

testFilter("a program's own filter is heard of, and numbers with the tag are trapped, whatever they are", (filter) => {
  const [seccomp, name] = [22n, 15n];
  assertStrictEquals(filter.verdict("prctl", seccomp, 2n, POINTER), filter.trap);
  assertStrictEquals(filter.verdict("prctl", name, POINTER), ALLOW);
  assertStrictEquals(filter.verdict("seccomp", 1n, 0n, POINTER), filter.trap);
  const tag = filter.value("number_tag");
  for (const [number, verdict] of [[tag, filter.trap], [tag + 1, filter.trap], [tag + 0xffff, filter.trap]] as const) {
    assertStrictEquals(runFilter(filter.program, { number, machine: MACHINE }), verdict, `${number}`);
  }
  for (const number of [tag - 1, tag + 0x10000]) {
    assertStrictEquals(runFilter(filter.program, { number, machine: MACHINE }), ALLOW, `${number}`);
  }
});

Deno.test("a list with a jump too long, or with a rule that there is not, makes no filter", () => {
  const rows = Array.from({ length: 40 }, (_, i) => `ROW call${i} ${i} 0 IF_VALUE(1, ${i}, 1, 2, 3, 4) END`);
  assertThrows(() => filterHeader(rows.join(" "), "MACHINE"), Error, "filter: ");
  assertThrows(() => filterHeader("ROW call 1 0 SELDOM END", "MACHINE"), Error, "filter: call: no such rule: SELDOM");
  assertThrows(() => filterHeader("", "MACHINE"), Error, "filter: no calls");
});
