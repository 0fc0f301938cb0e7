/** Counts the lines of the library that programs ran: it is built so that each block of code marks itself (coverage.c). */
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { buildCovered } from "../../../scripts/build.ts";
import { run } from "../../support/process.ts";

const ROOT = join(dirname(fromFileUrl(import.meta.url)), "..", "..", "..");
const MARKS = join(ROOT, "build", "covered", "marks");
/** As in coverage.c: larger than the library's code. */
const MARKS_SIZE = 4 << 20;
const HOOK = "__sanitizer_cov_trace_pc";

/** A file's lines with code, and those of them that ran. */
export interface Coverage {
  readonly file: string;
  readonly lines: number;
  readonly ran: number;
  /** Numbers of the lines that did not run. */
  readonly missed: readonly number[];
}

/** A block: it begins with a call, whose return address it marks. */
interface Block {
  readonly call: number;
  readonly mark: number;
}

/** A line's code, from this address on. */
interface Row {
  readonly file: string;
  readonly line: number;
  readonly address: number;
}

/** Builds the library that marks what ran, with no marks yet. @returns Its absolute path. */
export async function buildCoveredLibrary(): Promise<string> {
  const file = await buildCovered("tests/fuzz/calls/coverage.c", `-DCOVERAGE_FILE="${MARKS}"`);
  clearMarks();
  return join(ROOT, file);
}

/** Writes over them: processes may have mapped the file, of other users, too. */
function clearMarks(): void {
  using file = Deno.openSync(MARKS, { write: true, create: true, mode: 0o666 });
  Deno.chmodSync(MARKS, 0o666);
  file.writeSync(new Uint8Array(MARKS_SIZE));
}

async function dump(args: readonly string[], library: string): Promise<string[]> {
  const { code, stdout, stderr } = await run(["objdump", ...args, library]);
  if (code !== 0) throw new Error(`objdump ${args.join(" ")}: ${stderr}`);
  return stdout.split("\n");
}

/** @returns The blocks, and where functions begin, in the order of addresses. */
export function readBlocks(disassembly: readonly string[]): { blocks: Block[]; functions: number[] } {
  const [blocks, functions]: [Block[], number[]] = [[], []];
  let call: number | undefined;
  for (const text of disassembly) {
    const [, begin, address] = /^(?:([0-9a-f]{8,}) <.*>:|\s+([0-9a-f]+):\t)/.exec(text) ?? [];
    if (begin !== undefined) functions.push(parseInt(begin, 16));
    if (address === undefined) continue;
    if (call !== undefined) blocks.push({ call, mark: parseInt(address, 16) });
    call = /\b(call|bl)\b/.test(text) && text.includes(`<${HOOK}>`) ? parseInt(address, 16) : undefined;
  }
  return { blocks, functions };
}

/** @returns The rows of the line table, in the order of addresses. */
export function readRows(lines: readonly string[]): Row[] {
  const rows: Row[] = [];
  let file = "";
  for (const text of lines) {
    const [, name] = /^(?:CU: )?(?:\.\/)?(\S+\.[ch]):(?:\[\+\+\])?$/.exec(text) ?? [];
    if (name !== undefined) file = name;
    const [, number = "", address = ""] = /^\S+\s+(\d+|-)\s+(0x[0-9a-f]+)\b/.exec(text) ?? [];
    if (address === "") continue;
    // A sequence's end, and a place without a line, end the row before.
    rows.push({ file, line: number === "-" ? 0 : Number(number), address: parseInt(address, 16) });
  }
  return rows.sort((one, other) => one.address - other.address);
}

/** @returns The index of the last number that is at most `limit`; -1: there is none. */
function lastAtMost(numbers: readonly number[], limit: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? 0) <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Counts lines: a row ran if a block that begins in it ran, or else the block that it is in. */
export function countLines(
  rows: readonly Row[],
  { blocks, functions }: ReturnType<typeof readBlocks>,
  isMarked: (address: number) => boolean,
): Coverage[] {
  const calls = blocks.map(({ call }) => call);
  const files = new Map<string, Map<number, boolean>>();
  for (const [i, { file, line, address }] of rows.entries()) {
    const end = rows[i + 1]?.address ?? address;
    if (line === 0 || end === address) continue;
    const before = lastAtMost(calls, address - 1);
    const begins = blocks.slice(before + 1, lastAtMost(calls, end - 1) + 1);
    const begin = functions[lastAtMost(functions, address)] ?? 0;
    // A function's first instructions come before its first block's call.
    const around = (calls[before] ?? -1) >= begin ? blocks[before] : blocks[before + 1];
    const counted = begins.length > 0 ? begins : around === undefined ? [] : [around];
    const lines = files.get(file) ?? new Map<number, boolean>();
    files.set(file, lines.set(line, lines.get(line) === true || counted.some(({ mark }) => isMarked(mark))));
  }
  return [...files].map(([file, lines]) => {
    const missed = [...lines].filter(([, ran]) => !ran).map(([line]) => line).sort((one, other) => one - other);
    return { file, lines: lines.size, ran: lines.size - missed.length, missed };
  }).sort((one, other) => one.file < other.file ? -1 : 1);
}

/**
 * @param library As {@linkcode buildCoveredLibrary} made it.
 * @returns A function that tells the lines of each of the library's files that ran since, and removes the marks.
 */
export async function coverageOf(library: string): Promise<() => Coverage[]> {
  const [code, lines] = await Promise.all([
    dump(["-d", "--no-show-raw-insn"], library),
    dump(["--dwarf=decodedline", "-w"], library),
  ]);
  const [rows, blocks] = [readRows(lines), readBlocks(code)];
  return () => {
    const marks = Deno.readFileSync(MARKS);
    clearMarks();
    return countLines(rows, blocks, (address) => marks[address] === 1);
  };
}
