/**
 * Calls fit small stacks: the deepest way down from each function that programs call, and from the handler of trapped
 * calls, as each compiler makes it.
 */
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { buildWith } from "../../scripts/build.ts";
import { need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";
import { parseUnwind, plain, Stacks } from "../support/stack_depth.ts";

const ROOT = join(dirname(fromFileUrl(import.meta.url)), "..", "..");

/** Bytes; smaller is better. A handler's stack of 8 KiB has 4.5 KiB left where the processor has AVX-512. */
const CALLS_MOST = 6912;

/** Functions that search PATH: no handler calls them, as only `execve` and its like may be (signal-safety(7)). */
const SEARCHES = { names: /^(?:posix_spawnp|pidfd_spawnp)$/, most: 5632 };

/** The library as a program has 256 KiB, wherever it runs (program/entry.c). */
const PROGRAM = { name: "unsock_program", most: 192 * 1024 };

/** Called by the command line and by tests, on stacks of megabytes. */
const OWN = /^unsock_/;

/**
 * Functions in tables: what the C library calls at the start and the end, what reads settings and options then, what
 * the handler of trapped calls calls on another stack (trap/own_stack.c), and the starts of the command line's commands.
 */
const TABLES =
  /^(?:start_process|take_over|reach_inside|_sub_I_\w*|at_exit|read_\w+|flag_of|answer_trapped|unsock_(?:query|hold)_start)$/;

/**
 * Not below a call: the start comes once, before `main`, or with the first call of another library's constructor; exec
 * runs on a stack of its own (process/exec_space.c).
 */
const ELSEWHERE = ["unsock_start_active", "unsock_exec"];

async function measure(library: string): Promise<void> {
  const stacks = await Stacks.read(library, (name) => ELSEWHERE.includes(name));
  assertEquals(
    stacks.tables().filter((name) => !TABLES.test(plain(name))),
    [],
    "who calls the functions of this table?",
  );
  const called = [...stacks.exported().filter((name) => !OWN.test(name)), "handle", "at_exit"];
  assert(called.length > 60, `${called.length} functions`);
  const long = called.flatMap((name) => {
    const found = stacks.deepest(name);
    const most = SEARCHES.names.test(name) ? SEARCHES.most : CALLS_MOST;
    assert(found !== undefined && found.bytes > 0, `${name} was not found`);
    return found.bytes > most ? [`${name} takes ${found.bytes} bytes, of ${most}: ${found.way.join(" → ")}`] : [];
  });
  assertStrictEquals(long.length, 0, long.join("\n"));
  assertEquals([...stacks.circles], [], "functions that call themselves");
  const program = stacks.deepest(PROGRAM.name);
  assert(program !== undefined && program.bytes <= PROGRAM.most, `${PROGRAM.name} takes ${program?.bytes} bytes`);
}

Deno.test("no call takes more of the stack than it may, nor calls itself", { ignore: !need("objdump") }, async () => {
  await measure(libraryFile());
});

/** The test above measures the library of CC. */
const MEASURED = Deno.env.get("CFLAGS") ? undefined : Deno.env.get("CC");

for (const compiler of ["gcc-14", "clang-19"].filter((each) => each !== MEASURED)) {
  const name = `no call takes more of the stack than it may, as ${compiler} makes it`;
  Deno.test(name, { ignore: !need("objdump", compiler) }, async () => {
    // Without it clang calls through registers, and nobody could tell whom.
    await measure(join(ROOT, await buildWith(compiler, compiler.startsWith("clang") ? ["-fplt"] : [])));
  });
}

// --- How it is read --------------------------------------------------------------------------------------------------

const UNWIND = `
00000000 0000000000000014 00000000 CIE "zR" cf=1 df=-8 ra=16
   LOC           CFA      ra
0000000000000000 rsp+8    c-8

00000018 000000000000001c 0000001c FDE cie=00000000 pc=0000000000001000..0000000000001020
   LOC           CFA      rbx   ra
0000000000001000 rsp+8    u     c-8
0000000000001001 rsp+16   c-16  c-8
0000000000001004 rsp+48   c-16  c-8

00000038 0000000000000010 0000003c FDE cie=00000000 pc=0000000000001020..0000000000001030

00000050 0000000000000010 00000054 FDE cie=00000000 pc=0000000000001030..0000000000001040
   LOC           CFA      ra
0000000000001030 rsp+48   c-8

00000068 0000000000000010 0000006c FDE cie=00000000 pc=0000000000001040..0000000000001060
   LOC           CFA      rbp   ra
0000000000001040 rsp+8    u     c-8
0000000000001041 rsp+16   c-16  c-8
0000000000001044 rbp+16   c-16  c-8
`;

/** Four functions: `open` calls `leaf`, goes on in a part of its own and ends in `framed`, which calls by a pointer. */
const CODE = `
0000000000001000 <open>:
    1000:\tpush   %rbx
    1001:\tsub    $0x20,%rsp
    1004:\tcall   1020 <leaf>
    1009:\tjne    1030 <open.cold>
    1010:\tlea    0xa(%rip),%rdi        # 1020 <leaf>

0000000000001020 <leaf>:
    1020:\tmov    %rax,-0x18(%rsp)
    1025:\tret

0000000000001030 <open.cold>:
    1030:\tcall   1040 <framed>

0000000000001040 <framed>:
    1040:\tpush   %rbp
    1041:\tmov    %rsp,%rbp
    1044:\tpush   %r12
    1046:\tand    $0xffffffffffffffc0,%rsp
    104a:\tsub    $0x100,%rsp
    1050:\tcall   *%rdi
    1055:\tcall   1040 <framed>
`;

function made(code = CODE): Stacks {
  const pointers = { named: new Map<number, string>(), tables: new Set<number>() };
  return new Stacks(parseUnwind(UNWIND), code, pointers, "0000000000001000 T open\n", () => false);
}

Deno.test("parseUnwind() gives each function its rows, or those that all have", () => {
  const rows = parseUnwind(UNWIND).map(({ start, rows }) => [start, ...rows.map(({ size }) => size)]);
  assertEquals(rows, [[0x1000, 8, 16, 48], [0x1020, 8], [0x1030, 48], [0x1040, 8, 16, undefined]]);
});

Deno.test("Stacks finds the calls of a function: its other parts, frames, and the targets of pointers", () => {
  const stacks = made();
  // A return address and what lies below the stack pointer.
  assertStrictEquals(stacks.deepest("leaf")?.bytes, 8 + 0x18);
  // The caller's frame pointer, the register, the alignment, the frame; below that the C library's function.
  const framed = 16 + 8 + 64 + 0x100;
  assertStrictEquals(stacks.deepest("framed")?.bytes, framed + 160);
  assertEquals(stacks.deepest("open")?.way, ["open 0", "open.cold 48", `framed ${framed}`, "another's function"]);
});

Deno.test("Stacks reports recursive functions, and frames of unknown size", () => {
  const stacks = made();
  stacks.deepest("open");
  assertEquals([...stacks.circles], ["framed"]);
  assertThrows(() => made(CODE.replace("sub    $0x100,%rsp", "sub    %rax,%rsp")), Error, "of unknown size");
});
