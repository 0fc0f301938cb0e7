/** Makes small ELF files for tests: headers that are right, around nothing that would run. */

/** The parts of the file. */
export interface ElfOptions {
  readonly machine?: number;
  readonly interpreter?: string;
  readonly dynamic?: boolean;
  /** Names of sections; none: no section headers at all. */
  readonly sections?: readonly string[];
  /** Latin-1 content of the writable segment. */
  readonly data?: string;
}

const HEADER_SIZE = 64;
const PROGRAM_ENTRY = 56;
const SECTION_ENTRY = 64;

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** @returns A 64-bit little-endian ELF file. */
export function elfImage(options: ElfOptions): Uint8Array {
  const { machine = 62, interpreter, dynamic = true, sections = [], data = "" } = options;
  const interp = latin1(interpreter === undefined ? "" : `${interpreter}\0`);
  const names = latin1(["", ...sections, ".shstrtab", ""].join("\0"));
  const writable = latin1(data);
  const segments: [number, number, number, number][] = [];
  let end = HEADER_SIZE + PROGRAM_ENTRY * 3;
  const place = (content: Uint8Array) => (end += content.length) - content.length;
  const interpAt = place(interp);
  const dataAt = place(writable);
  const namesAt = place(names);
  if (interpreter !== undefined) segments.push([3, 4, interpAt, interp.length]);
  if (dynamic) segments.push([2, 6, 0, 0]);
  segments.push([1, 6, dataAt, writable.length]);
  const count = sections.length === 0 ? 0 : sections.length + 2;
  const bytes = new Uint8Array(end + count * SECTION_ENTRY);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 3, true);
  view.setUint16(18, machine, true);
  view.setBigUint64(32, BigInt(HEADER_SIZE), true);
  view.setBigUint64(40, BigInt(count === 0 ? 0 : end), true);
  view.setUint16(54, PROGRAM_ENTRY, true);
  view.setUint16(56, segments.length, true);
  view.setUint16(58, SECTION_ENTRY, true);
  view.setUint16(60, count, true);
  view.setUint16(62, count === 0 ? 0 : count - 1, true);
  for (const [index, [type, flags, offset, size]] of segments.entries()) {
    const at = HEADER_SIZE + index * PROGRAM_ENTRY;
    view.setUint32(at, type, true);
    view.setUint32(at + 4, flags, true);
    view.setBigUint64(at + 8, BigInt(offset), true);
    view.setBigUint64(at + 32, BigInt(size), true);
  }
  if (count > 0) {
    const at = end + (count - 1) * SECTION_ENTRY;
    view.setBigUint64(at + 24, BigInt(namesAt), true);
    view.setBigUint64(at + 32, BigInt(names.length), true);
  }
  bytes.set(interp, interpAt);
  bytes.set(writable, dataAt);
  bytes.set(names, namesAt);
  return bytes;
}
