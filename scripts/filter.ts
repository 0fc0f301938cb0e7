/**
 * Makes the trap's seccomp filter, a program for the kernel's classic BPF, from the list of calls (`c/rt/calls.h`).
 * `scripts/build.ts` writes the filter before it compiles. The filter finds the call by a binary search for its number.
 * From there it jumps to the call's decision, the instructions that check its arguments, and then to a verdict, the
 * instruction that returns the action. The filter is short, because whenever it is installed, the kernel compiles it
 * and runs it once for every system call number (seccomp_cache_prepare).
 */

/** C that the preprocessor turns into the rows that {@linkcode filterHeader} reads. */
export const FILTER_SOURCE = `#include "rt/calls.h"
#define ROW(exported, next, machines, mark, trapped, type, name, parameters) \\
    UNSOCK_IF_ON_##machines(UNSOCK_IF_TRAPPED_##mark(ROW name __NR_##name mark trapped END))
#define DOOR_ROW(exported, machines, mark, syscall, trapped, name) \\
    UNSOCK_IF_ON_##machines(UNSOCK_IF_TRAPPED_##mark(ROW name __NR_##name mark trapped END))
UNSOCK_CALLS(ROW) UNSOCK_DOOR_CALLS(DOOR_ROW)
`;

interface Row {
  readonly name: string;
  readonly number: number;
  /** The index of the argument in which the library's own calls carry its mark, or undefined if they carry none. */
  readonly mark: number | undefined;
  /** The name of the rule that decides on the call, and the rule's values, C expressions (`c/trap/trapped.h`). */
  readonly rule: string;
  readonly values: readonly string[];
}

/** The target of a jump: a label, or undefined for the next instruction. */
type Target = string | undefined;

/** An instruction. It has jumps if it compares. */
interface Instruction {
  readonly code: string;
  readonly k: string;
  readonly jumps?: readonly [ifTrue: Target, ifFalse: Target];
}

/** The headers with the constants of the rules and of the filter. */
const HEADERS = ["asm/ioctls.h", "linux/audit.h", "linux/filter.h", "linux/prctl.h", "linux/seccomp.h"];

const JUMP_MOST = 255;
/** A range of at most this many calls is searched one by one. */
const FEW = 3;
const ALLOW = "allow", TRAP = "trap", NO_SYSTEM = "no system", PROBED = "probed", LARGE = "large";

/** Returns the offset of an argument's lower half in `struct seccomp_data`. The upper half follows. */
const argumentAt = (argument: number) => 16 + 8 * argument;

function readRows(expanded: string): Row[] {
  return [...expanded.matchAll(/\bROW (\w+) (\d+) (\w+) (\w+)\s*(?:\((.*?)\)\s*)?END/gs)].map(
    ([, name = "", number, mark = "", rule = "", values]) => ({
      name,
      number: Number(number),
      mark: mark === "NONE" ? undefined : Number(mark),
      rule,
      values: values?.split(",").map((value) => value.trim()) ?? [],
    }),
  );
}

/** Collects the filter's instructions. All jumps go forward. */
class Maker {
  readonly #program: Instruction[] = [];
  readonly #places = new Map<string, number>();

  place(label: string): void {
    this.#places.set(label, this.#program.length);
  }

  put(code: string, k: string | number): void {
    this.#program.push({ code, k: `${k}` });
  }

  load(offset: number): void {
    this.put("BPF_LD | BPF_W | BPF_ABS", offset);
  }

  compare(how: "JEQ" | "JGE", value: string | number, ifTrue: Target, ifFalse: Target): void {
    this.#program.push({ code: `BPF_JMP | BPF_${how} | BPF_K`, k: `${value}`, jumps: [ifTrue, ifFalse] });
  }

  verdict(label: string, verdict: string): void {
    this.place(label);
    this.put("BPF_RET | BPF_K", verdict);
  }

  /** @returns The instructions in C, with the jumps' distances. */
  link(): string[] {
    const distance = (target: Target, from: number) => {
      const place = target === undefined ? from + 1 : this.#places.get(target);
      if (place === undefined || place <= from || place - from - 1 > JUMP_MOST) throw new Error(`filter: ${target}`);
      return place - from - 1;
    };
    return this.#program.map(({ code, k, jumps }, at) =>
      jumps === undefined
        ? `BPF_STMT(${code}, ${k})`
        : `BPF_JUMP(${code}, ${k}, ${distance(jumps[0], at)}, ${distance(jumps[1], at)})`
    );
  }
}

/** Puts the instructions that decide by a call's arguments. Puts none for a call that is always trapped. */
function putRule(maker: Maker, { name, rule, values }: Row): void {
  const [which = "", ...rest] = values, at = argumentAt(Number(which));
  const [bits = "", bound = ""] = rest, list = rule === "IF_VALUE_OR" ? rest.slice(2) : rest;
  switch (rule) {
    case "ALWAYS":
      break;
    case "IF_SET":
    case "IF_SET_OR":
      maker.load(at);
      maker.compare("JEQ", 0, undefined, TRAP);
      maker.load(at + 4);
      maker.compare("JEQ", 0, rule === "IF_SET" ? ALLOW : undefined, TRAP);
      if (rule === "IF_SET") break;
      maker.load(at - 8);
      maker.put("BPF_ALU | BPF_AND | BPF_K", bits);
      maker.compare("JGE", `${bound} + 1`, TRAP, ALLOW);
      break;
    case "IF_VALUE":
    case "IF_VALUE_OR":
      maker.load(at);
      list.forEach((value, i) =>
        maker.compare("JEQ", value, TRAP, rule === "IF_VALUE" && i + 1 === list.length ? ALLOW : undefined)
      );
      if (rule === "IF_VALUE") break;
      maker.put("BPF_ALU | BPF_AND | BPF_K", bits);
      maker.compare("JEQ", bound, TRAP, ALLOW);
      break;
    case "UNLESS":
      maker.load(at);
      maker.compare("JEQ", bits, ALLOW, TRAP);
      break;
    default:
      throw new Error(`filter: ${name}: no such rule: ${rule}`);
  }
}

/** @returns The label of the call's decision. Calls with the same decision have the same label. */
function decisionOf({ name, mark, rule, values }: Row): string {
  if (rule === "NO_SYSTEM") return NO_SYSTEM;
  return rule === "ALWAYS" && mark === undefined ? TRAP : JSON.stringify([name === "socket", mark, rule, values]);
}

function putDecision(maker: Maker, row: Row): void {
  const isSocket = row.name === "socket";
  maker.place(decisionOf(row));
  if (row.mark !== undefined) {
    maker.load(argumentAt(row.mark) + 4);
    maker.compare("JEQ", "UNSOCK_SYS_MARK", ALLOW, row.rule === "ALWAYS" && !isSocket ? TRAP : undefined);
  }
  if (isSocket) maker.compare("JEQ", "UNSOCK_SYS_PROBE", PROBED, TRAP);
  putRule(maker, row);
}

/** Puts the binary search for the call's number: for each range first its lower half, then its upper half. */
function putSearch(maker: Maker, sorted: readonly Row[], first: number, end: number): void {
  const middle = Math.floor((first + end) / 2);
  if (end - first > FEW) {
    maker.compare("JGE", sorted[middle]?.number ?? 0, `range ${middle}`, undefined);
    putSearch(maker, sorted, first, middle);
    maker.place(`range ${middle}`);
    putSearch(maker, sorted, middle, end);
    return;
  }
  sorted.slice(first, end).forEach((row, i) =>
    maker.compare("JEQ", row.number, decisionOf(row), first + i + 1 < end ? undefined : ALLOW)
  );
}

/**
 * @param expanded The preprocessor's output for {@linkcode FILTER_SOURCE}.
 * @param machine The machine's name in Deno.
 * @returns The header with this machine's filter.
 * @throws {Error} If a jump is too long, or a rule unknown.
 */
export function filterHeader(expanded: string, machine: string): string {
  const rows = readRows(expanded), maker = new Maker();
  const decisions = new Map(rows.map((row) => [decisionOf(row), row]));
  if (rows.length === 0) throw new Error("filter: no calls in c/rt/calls.h");
  maker.load(4); // arch
  maker.compare("JEQ", `AUDIT_ARCH_${machine.toUpperCase()}`, undefined, ALLOW);
  maker.load(0); // nr
  maker.compare("JGE", "UNSOCK_TRAPPED_TAG", LARGE, undefined);
  putSearch(maker, [...rows].sort((a, b) => a.number - b.number), 0, rows.length);
  maker.place(LARGE);
  maker.compare("JGE", "0x40000000u", NO_SYSTEM, undefined); // x32's numbers have this bit; its AUDIT_ARCH is x86-64's
  maker.compare("JGE", "(UNSOCK_TRAPPED_TAG | UNSOCK_TRAPPED_NUMBER) + 1", ALLOW, TRAP);
  for (const [label, row] of decisions) if (label !== TRAP && label !== NO_SYSTEM) putDecision(maker, row);
  maker.verdict(ALLOW, "SECCOMP_RET_ALLOW");
  maker.verdict(TRAP, "SECCOMP_RET_TRAP | UNSOCK_FILTER_TAG");
  maker.verdict(NO_SYSTEM, "SECCOMP_RET_ERRNO | ENOSYS");
  maker.verdict(PROBED, "SECCOMP_RET_ERRNO | UNSOCK_SYS_PROBE_ERRNO");
  const lines = maker.link().map((instruction) => `    ${instruction},\n`).join("");
  const headers = HEADERS.map((header) => `#include <${header}>\n`).join("");
  return `/* Made by scripts/filter.ts. */\n${headers}\nstatic const struct sock_filter trap_filter[] = {\n${lines}};\n`;
}
