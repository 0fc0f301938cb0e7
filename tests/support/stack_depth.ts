/**
 * Computes the stack that each function of a library takes at most, from the finished file: the depth at each instruction
 * from the unwind table, the calls from the machine code. That works for every compiler, and with link-time optimisation.
 *
 * A call through a pointer may reach each function whose address the caller, or a function above it, has taken: the
 * library passes pointers to its functions down, and stores them only in the tables of `tables`. Needs binutils.
 */
import { run } from "./process.ts";

/** The stack that a function of the C library takes, its cancellation point included. */
const OUTSIDE = 160;

/** A call, or a jump to another function. */
interface Call {
  /** Bytes on the stack then, from the function's caller on. */
  readonly depth: number;
  /** The address of the called function; undefined: a call through a pointer; "outside": into the C library. */
  readonly target: number | "outside" | undefined;
}

/** A function, or a part of a function that the compiler has put elsewhere. */
interface Code {
  readonly name: string;
  readonly unwind: Unwind;
  most: number;
  readonly calls: Call[];
  readonly takes: Set<number>;
}

interface Unwind {
  readonly start: number;
  readonly end: number;
  /** From which instruction on how many bytes lie below the caller's frame; undefined: a frame pointer knows. */
  readonly rows: readonly { readonly at: number; readonly size: number | undefined }[];
}

/** The chain of calls from a function that takes the most stack. */
export interface Deepest {
  readonly bytes: number;
  /** The functions on the way, each with its part of the stack. */
  readonly way: readonly string[];
}

/**
 * Reads the output of `readelf --debug-dump=frames-interp`.
 *
 * @param text Its lines.
 * @returns An entry for each function or part of one, by address.
 */
export function parseUnwind(text: string): Unwind[] {
  const found: Unwind[] = [];
  let common: Unwind["rows"] = [];
  for (const part of text.split(/\n\s*\n/)) {
    const rows = Array.from(part.matchAll(/^([0-9a-f]{16}) (\w+)\+(\d+)/gm), ([, at = "", register, size]) => ({
      at: parseInt(at, 16),
      size: register === "rsp" || register === "sp" ? Number(size) : undefined,
    }));
    if (/ CIE /.test(part)) common = rows;
    const [, start, end] = / FDE .*pc=([0-9a-f]+)\.\.([0-9a-f]+)/.exec(part) ?? [];
    if (start === undefined || end === undefined) continue;
    found.push({ start: parseInt(start, 16), end: parseInt(end, 16), rows: rows.length > 0 ? rows : common });
  }
  return found.sort((one, other) => one.start - other.start);
}

/** Where the pointers in the library's data lead: functions of its own, or others'. */
interface Pointers {
  /** By the address of a pointer that the linker fills: the name of the function. */
  readonly named: ReadonlyMap<number, string>;
  /** Addresses of functions that are in tables. */
  readonly tables: ReadonlySet<number>;
}

function parseRelocations(text: string): Pointers {
  const named = new Map<number, string>();
  const tables = new Set<number>();
  for (const line of text.split("\n")) {
    const [, at = "", kind, value = ""] = /^([0-9a-f]+) +\S+ R_\w+?_(RELATIVE|GLOB_DAT|64) +(.*)$/.exec(line) ?? [];
    if (kind === "RELATIVE") tables.add(parseInt(value, 16));
    else if (kind !== undefined) named.set(parseInt(at, 16), value.split(/\s+/)[1] ?? "");
  }
  return { named, tables };
}

const DIRECT = /^(?:bnd |addr32 )*(call|j\w+) +([0-9a-f]+) /;
const THROUGH = /^(?:bnd |notrack |addr32 )*(call|jmp) +\*/;
const NAMED = /# ([0-9a-f]+) /;

/** Counts the stack of a function with a frame pointer, from its instructions: never too little. */
class FrameBelow {
  #bytes = 16; // the return address, and the caller's frame pointer

  after(text: string): number {
    const [, what, size = ""] = /^(sub|and) +\$0x([0-9a-f]+),%rsp/.exec(text) ?? [];
    if (/^push /.test(text)) this.#bytes += 8;
    if (what === "sub") this.#bytes += parseInt(size, 16);
    if (what === "and") this.#bytes += Number(BigInt.asUintN(64, -BigInt(`0x${size}`)));
    if (/^sub +%\w+,%rsp/.test(text)) throw new Error(`a frame of unknown size: ${text}`);
    return this.#bytes;
  }
}

/** A library's functions and their calls. */
export class Stacks {
  readonly #codes = new Map<number, Code>();
  readonly #starts: readonly Unwind[];
  readonly #names = new Map<number, string>();
  readonly #exported: ReadonlyMap<string, number>;
  readonly #pointers: Pointers;
  readonly #elsewhere: (name: string) => boolean;
  readonly #known = new Map<number, Deepest>();
  readonly #pointed = new Map<number, number | undefined>();
  readonly #above: number[] = [];
  /** The cycles of functions that call themselves: nothing bounds their stack. */
  readonly circles = new Set<string>();

  /**
   * @param file The library.
   * @param elsewhere Which functions do not run on the caller's stack, or not on a small one.
   */
  static async read(file: string, elsewhere: (name: string) => boolean): Promise<Stacks> {
    const [unwind, code, relocations, symbols] = await Promise.all([
      checked("readelf", "--debug-dump=frames-interp", file),
      checked("objdump", "-d", "--no-show-raw-insn", "-j", ".text", file),
      checked("readelf", "--wide", "--relocs", file),
      checked("nm", "-D", "--defined-only", file),
    ]);
    return new Stacks(parseUnwind(unwind), code, parseRelocations(relocations), symbols, elsewhere);
  }

  constructor(
    unwind: readonly Unwind[],
    code: string,
    pointers: Pointers,
    symbols: string,
    elsewhere: (name: string) => boolean,
  ) {
    this.#starts = unwind;
    this.#pointers = pointers;
    this.#elsewhere = elsewhere;
    this.#exported = new Map(
      Array.from(symbols.matchAll(/^([0-9a-f]+) [TW] (\S+)$/gm), ([, at = "", name = ""]) => [name, parseInt(at, 16)]),
    );
    this.#parseCode(code);
  }

  /** Names of the exported functions, and of those whose addresses are in tables. */
  exported(): string[] {
    return [...this.#exported.keys()];
  }

  tables(): string[] {
    return [...this.#codes].filter(([at]) => this.#pointers.tables.has(at)).map(([, { name }]) => name);
  }

  /** @returns The deepest way down from a function; undefined: there is none of that name. */
  deepest(name: string): Deepest | undefined {
    const at = this.#exported.get(name) ?? [...this.#codes].find(([, code]) => code.name === name)?.[0];
    return at === undefined ? undefined : this.#deepestFrom(at);
  }

  #find(at: number): Unwind | undefined {
    let low = 0;
    for (let high = this.#starts.length - 1; low <= high;) {
      const middle = (low + high) >> 1;
      const entry = this.#starts[middle];
      if (entry === undefined || at < entry.start) high = middle - 1;
      else if (at >= entry.end) low = middle + 1;
      else return entry;
    }
    return undefined;
  }

  #parseCode(text: string): void {
    const frames = new Map<number, FrameBelow>();
    for (const line of text.split("\n")) {
      const [, named, name] = /^([0-9a-f]{16}) <(.*)>:$/.exec(line) ?? [];
      if (named !== undefined) this.#names.set(parseInt(named, 16), name ?? "");
      const [, address, instruction] = /^ *([0-9a-f]+):\t(.*)$/.exec(line) ?? [];
      const at = parseInt(address ?? "", 16);
      const unwind = this.#find(at);
      if (instruction === undefined || unwind === undefined) continue;
      const below = frames.get(unwind.start) ?? new FrameBelow();
      frames.set(unwind.start, below);
      const row = unwind.rows.findLast((row) => row.at <= at) ?? unwind.rows[0];
      this.#add(unwind, instruction, row?.size ?? below.after(instruction));
    }
  }

  #code(unwind: Unwind): Code {
    const name = this.#names.get(unwind.start) ?? unwind.start.toString(16);
    const code = this.#codes.get(unwind.start) ?? { name, unwind, most: 0, calls: [], takes: new Set() };
    this.#codes.set(unwind.start, code);
    return code;
  }

  #add(unwind: Unwind, text: string, depth: number): void {
    const code = this.#code(unwind);
    const [, below = "0"] = /-0x([0-9a-f]+)\(%rsp/.exec(text) ?? []; // the red zone, of a function that calls no other
    code.most = Math.max(code.most, depth + (text.startsWith("lea") ? 0 : parseInt(below, 16)));
    const [, how, address] = DIRECT.exec(text) ?? [];
    const target = parseInt(address ?? "", 16);
    const isStart = this.#find(target)?.start === target;
    if (how === "call") code.calls.push({ depth, target });
    else if (how !== undefined && isStart && target !== unwind.start) {
      // Another part of this function begins at the same depth, another function at the caller's frame.
      code.calls.push({ depth: depth - (this.#find(target)?.rows[0]?.size ?? 0), target });
    }
    const taken = /^lea /.test(text) ? parseInt(NAMED.exec(text)?.[1] ?? "", 16) : NaN;
    if (this.#find(taken)?.start === taken) code.takes.add(taken);
    const through = THROUGH.exec(text)?.[1];
    // A jump through a pointer in the middle of a function belongs to a switch.
    if (through === "call") code.calls.push({ depth, target: this.#named(text) });
    else if (through === "jmp" && depth === unwind.rows[0]?.size) {
      code.calls.push({ depth: 0, target: this.#named(text) });
    }
  }

  #named(text: string): Call["target"] {
    const name = this.#pointers.named.get(parseInt(NAMED.exec(text)?.[1] ?? "", 16));
    return name === undefined ? undefined : this.#exported.get(name) ?? "outside";
  }

  #deepestFrom(at: number): Deepest {
    const known = this.#known.get(at);
    const code = this.#codes.get(at);
    if (known !== undefined) return known;
    if (code === undefined || this.#elsewhere(plain(code.name))) return { bytes: 0, way: [] };
    if (this.#above.includes(at)) {
      this.circles.add(this.#above.slice(this.#above.indexOf(at)).map((one) => this.#codes.get(one)?.name).join(" → "));
      return { bytes: 0, way: [`${code.name} again`] };
    }
    this.#above.push(at);
    let best: Deepest = { bytes: code.most, way: [`${code.name} ${code.most}`] };
    const consider = (depth: number, below: Deepest) => {
      const bytes = depth + below.bytes;
      if (bytes > best.bytes) best = { bytes, way: [`${code.name} ${depth}`, ...below.way] };
    };
    for (const { depth, target } of code.calls) {
      if (typeof target === "number") consider(depth, this.#deepestFrom(target));
      else consider(depth, { bytes: OUTSIDE, way: ["another's function"] });
    }
    const pointed = code.takes.size > 0 ? this.#pointedFrom(at, new Set()) : undefined;
    for (const taken of code.takes) {
      if (pointed !== undefined && taken !== at) consider(pointed, this.#deepestFrom(taken));
    }
    this.#above.pop();
    this.#known.set(at, best);
    return best;
  }

  /** Returns the greatest depth below this function's caller of a call through a pointer; undefined: none. */
  #pointedFrom(at: number, above: ReadonlySet<number>): number | undefined {
    if (this.#pointed.has(at)) return this.#pointed.get(at);
    const code = this.#codes.get(at);
    if (code === undefined || above.has(at) || this.#elsewhere(plain(code.name))) return undefined;
    const below = code.calls.map(({ depth, target }) => {
      if (target === undefined) return depth;
      const deeper = typeof target === "number" ? this.#pointedFrom(target, new Set([...above, at])) : undefined;
      return deeper === undefined ? undefined : depth + deeper;
    }).filter((depth) => depth !== undefined);
    const most = below.length === 0 ? undefined : Math.max(...below);
    this.#pointed.set(at, most);
    return most;
  }
}

/** Returns the name in the source: link-time optimization makes several functions of one, with suffixes. */
export function plain(name: string): string {
  return name.replace(/\..*$/, "");
}

async function checked(...command: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(command);
  if (code !== 0) throw new Error(`${command.join(" ")}: exit status ${code}\n${stderr}`);
  return stdout;
}
