/** What kind of program is this file? Reads ELF headers through a {@linkcode ByteSource}; pure over bytes. */

/** Random access to a file's bytes. */
export interface ByteSource {
  /** At most `length` bytes from `offset`; fewer at the end of the file. */
  read(offset: number, length: number): Uint8Array;
}

/** What matters about an ELF file. */
export interface ElfFile {
  readonly kind: "elf";
  readonly is64Bit: boolean;
  readonly littleEndian: boolean;
  /** `e_machine`: 62 is x86-64, 183 aarch64. */
  readonly machine: number;
  /** `e_type`: 2 is an executable at a fixed address, 3 a shared object or position-independent executable. */
  readonly type: number;
  /** The dynamic linker that the file asks for. */
  readonly interpreter: string | undefined;
  readonly isDynamic: boolean;
  /** The language whose own library makes the system calls, so that sockets never pass through libc. */
  readonly ownSystemCalls: "Go" | "Free Pascal" | undefined;
}

/** A `#!` line. */
export interface Script {
  readonly kind: "script";
  readonly interpreter: string;
  /** Everything behind the interpreter, as the kernel passes it: one argument. */
  readonly argument: string | undefined;
}

/** Anything else: a shell makes of it what it can. */
export interface OtherFile {
  readonly kind: "other";
}

export type ProgramFile = ElfFile | Script | OtherFile;

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const PF_WRITE = 2;

/** The kernel reads this much of a script's first line. */
const SCRIPT_LINE_SIZE = 256;

/** `\xff Go buildinf:`, the mark in front of a Go program's build information, aligned to 16. */
const GO_MARK = Uint8Array.from("\xff Go buildinf:", (letter) => letter.charCodeAt(0));
const GO_SEARCH_SIZE = 64 * 1024;

const decoder = new TextDecoder();

/**
 * @param source The file.
 * @returns What it is.
 */
export function readProgramFile(source: ByteSource): ProgramFile {
  const start = source.read(0, SCRIPT_LINE_SIZE);
  if (start[0] === 0x7f && start[1] === 0x45 && start[2] === 0x4c && start[3] === 0x46) {
    return readElf(start, source) ?? { kind: "other" };
  }
  if (start[0] === 0x23 && start[1] === 0x21) return readScript(start);
  return { kind: "other" };
}

function readScript(start: Uint8Array): Script | OtherFile {
  const newline = start.indexOf(0x0a);
  const line = decoder.decode(start.subarray(2, newline < 0 ? undefined : newline));
  const match = /^[ \t]*([^ \t\0]+)[ \t]*([^\0]*)/.exec(line);
  if (match === null) return { kind: "other" };
  return { kind: "script", interpreter: match[1] ?? "", argument: match[2]?.replace(/[ \t]+$/, "") || undefined };
}

interface Segment {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly size: number;
}

/** Reads numbers of the file's own word size and byte order. */
class ElfReader {
  #view: DataView;

  constructor(bytes: Uint8Array, readonly is64: boolean, readonly little: boolean) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  half(offset: number): number {
    return this.#view.getUint16(offset, this.little);
  }

  word(offset: number): number {
    return this.#view.getUint32(offset, this.little);
  }

  /** An address or a size, at one offset in 64-bit files and at another in 32-bit ones. */
  long(offset64: number, offset32: number): number {
    return this.is64 ? Number(this.#view.getBigUint64(offset64, this.little)) : this.word(offset32);
  }
}

function readElf(start: Uint8Array, source: ByteSource): ElfFile | undefined {
  const is64 = start[4] === 2;
  const little = start[5] !== 2;
  if (start.length < (is64 ? 64 : 52)) return undefined;
  const header = new ElfReader(start, is64, little);
  const segments = readSegments(header, source);
  const interp = segments.find((segment) => segment.type === PT_INTERP);
  const path = interp && source.read(interp.offset, Math.min(interp.size, 4096));
  return {
    kind: "elf",
    is64Bit: is64,
    littleEndian: little,
    machine: header.half(18),
    type: header.half(16),
    interpreter: path && decoder.decode(path).replace(/\0.*/s, ""),
    isDynamic: segments.some((segment) => segment.type === PT_DYNAMIC),
    ownSystemCalls: languageOfSections(header, source) ?? (hasGoMark(segments, source) ? "Go" : undefined),
  };
}

function readSegments(header: ElfReader, source: ByteSource): Segment[] {
  const entrySize = header.is64 ? 56 : 32;
  const count = Math.min(header.half(header.is64 ? 56 : 44), 512);
  const table = source.read(header.long(32, 28), count * entrySize);
  const segments: Segment[] = [];
  for (let at = 0; at + entrySize <= table.length; at += entrySize) {
    const entry = new ElfReader(table.subarray(at, at + entrySize), header.is64, header.little);
    segments.push({
      type: entry.word(0),
      flags: entry.word(header.is64 ? 4 : 24),
      offset: entry.long(8, 4),
      size: entry.long(32, 16),
    });
  }
  return segments;
}

function languageOfSections(header: ElfReader, source: ByteSource): ElfFile["ownSystemCalls"] {
  const names = sectionNames(header, source);
  if (names.includes(".go.buildinfo")) return "Go";
  return names.includes(".fpcdata") ? "Free Pascal" : undefined;
}

function sectionNames(header: ElfReader, source: ByteSource): readonly string[] {
  const entrySize = header.is64 ? 64 : 40;
  const count = header.half(header.is64 ? 60 : 48);
  const namesIndex = header.half(header.is64 ? 62 : 50);
  if (count === 0 || namesIndex >= count) return [];
  const table = source.read(header.long(40, 32), count * entrySize);
  if (table.length < (namesIndex + 1) * entrySize) return [];
  const namesEntry = new ElfReader(table.subarray(namesIndex * entrySize), header.is64, header.little);
  const names = source.read(namesEntry.long(24, 16), Math.min(namesEntry.long(32, 20), 1 << 20));
  return decoder.decode(names).split("\0");
}

/** Without section names (stripped), the mark stands near the start of the first writable segment. */
function hasGoMark(segments: readonly Segment[], source: ByteSource): boolean {
  const data = segments.find((segment) => segment.type === PT_LOAD && (segment.flags & PF_WRITE) !== 0);
  if (data === undefined) return false;
  const bytes = source.read(data.offset, Math.min(data.size, GO_SEARCH_SIZE));
  for (let at = 0; at + GO_MARK.length <= bytes.length; at += 16) {
    if (GO_MARK.every((byte, index) => bytes[at + index] === byte)) return true;
  }
  return false;
}
