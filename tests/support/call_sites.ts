/** Finds a program's system calls and the instructions to rewrite, with a test program compiled from the rules in c/rules. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { compileWhole } from "./compile.ts";
import { run } from "./process.ts";

const ROOT = join(dirname(fromFileUrl(import.meta.url)), "..", "..");

/** The address that each line's system call is assumed to have. */
export const ADDRESS = 0x500000;

/** Stands for any system call number. */
export const ANY = -1;

/** A machine whose code is read: the commands that compile for it, run its programs, and print their instructions. */
export interface Machine {
  readonly compiler: readonly string[];
  readonly emulator: readonly string[];
  readonly objdump: string;
  readonly call: string;
  /** Returns the instruction that loads a number; `places` returns the addresses where it can be. */
  readonly load: (number: string) => string;
  readonly places: (at: number, moved: number) => number[];
  readonly jump: number;
}

export const X86_64: Machine = {
  compiler: ["cc"],
  emulator: [],
  objdump: "objdump",
  call: "syscall",
  load: (number) => `mov    $0x${number},%eax`,
  places: (at, moved) => [at - moved],
  jump: 5,
};

export const AARCH64: Machine = {
  compiler: ["aarch64-linux-gnu-gcc", "-static"],
  emulator: ["qemu-aarch64"],
  objdump: "aarch64-linux-gnu-objdump",
  call: "svc\t#0x0",
  load: (number) => `mov\tx8, #0x${number} `,
  places: (at) => [1, 2, 3, 4, 5, 6, 7, 8].map((words) => at - 4 * words),
  jump: 4,
};

/**
 * Compiles tests/trap/call_sites.c, which puts the questions to the rules.
 *
 * @param binary The path of the program.
 * @param flags Further flags for the compiler.
 * @throws {Error} with the compiler's messages.
 */
export function buildAsker(binary: string, machine: Machine, ...flags: string[]): Promise<string> {
  return buildWithRules(binary, machine, ["tests/trap/call_sites.c"], flags);
}

/**
 * Runs tests/trap/patch_pages.c.
 *
 * @param dir The directory for the program.
 * @param flags Further flags for the compiler.
 * @returns The number of rewritten places, the first changed byte from the call, and how many are changed behind the jump.
 * @throws {Error} with the compiler's messages.
 */
export async function rewritePages(dir: string, machine: Machine, ...flags: string[]): Promise<string> {
  const files = ["tests/trap/patch_pages.c", "c/trap/patch.c", "c/rt/code.c"];
  const program = await buildWithRules(join(dir, "patch_pages"), machine, files, flags);
  const { code, stdout, stderr } = await run([...machine.emulator, program]);
  assertStrictEquals(code, 0, stderr);
  return stdout.trimEnd();
}

async function buildWithRules(
  binary: string,
  machine: Machine,
  files: readonly string[],
  flags: readonly string[],
): Promise<string> {
  const sources = [...files, "c/rules/call_site.c", "c/rules/call_search.c", "c/rules/call_stub.c"]
    .map((file) => join(ROOT, file));
  const all = ["-std=gnu17", "-O1", "-Wall", "-Wextra", "-Werror", `-I${join(ROOT, "c")}`, ...flags];
  await compileWhole(binary, [...machine.compiler, ...all, ...sources]);
  return binary;
}

const askers = new Map<Machine, Promise<string>>();

/** @returns The command that puts questions to the rules. Compiles its program once. */
async function asker(machine: Machine): Promise<string[]> {
  const made = askers.get(machine) ?? buildAsker(join(ROOT, "build", `call_sites-${machine.compiler[0]}`), machine);
  askers.set(machine, made);
  return [...machine.emulator, await made];
}

/** A kind of program, and the bytes before and behind a system call, in hexadecimal. */
export type Line = readonly [kind: string, before: string, behind?: string];

/** @returns The rules' answer for each line. */
export async function ask(lines: readonly Line[], machine: Machine): Promise<string[]> {
  const text = lines.map(([kind, before, behind = "c3"]) => `${kind} ${bare(before)} ${bare(behind)}\n`).join("");
  const { code, stdout, stderr } = await run([...await asker(machine), "-"], { stdin: text });
  assertStrictEquals(code, 0, stderr);
  const answers = stdout.trimEnd().split("\n").map((line) => line.trim());
  assertStrictEquals(answers.length, lines.length);
  return answers;
}

function bare(bytes: string): string {
  return bytes.replaceAll(" ", "");
}

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

/** Checks that each place to rewrite begins and ends at instructions, and that the calls `needed` are found. */
export async function checkProgram(program: string, needed: readonly number[], machine: Machine): Promise<void> {
  const known = await instructions(program, machine.objdump);
  const { stdout } = await run([...await asker(machine), program, "c"], { timeoutMs: 60_000 });
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
