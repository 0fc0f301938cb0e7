/**
 * Measures the fields of an HTTP/2 head without decoding them (HPACK, RFC 7541). One byte may stand for a field of 4 KB
 * in the connection's table, so 16 KB of a frame may stand for 64 MB of fields. The result is an upper bound. Does no
 * I/O.
 */

const STATIC_FIELDS = 61;
/** Upper bounds of the size of a field, and of a name, in the static table. */
const STATIC_SIZE = 72;
const STATIC_NAME = 27;
/** The size of a field is the number of its characters plus 32 (RFC 7541, 4.1). */
const OVERHEAD = 32;
/** The size of the connection's table, which the front never changes, and the most fields that fit into it. */
const TABLE_SIZE = 4_096;
const TABLE_FIELDS = TABLE_SIZE / OVERHEAD;
/** The shortest of Huffman's codes has five bits. */
const HUFFMAN_BITS = 5;
/** A number with more bits exceeds every length that fits into a frame. */
const SHIFT_MOST = 21;

interface Sizes {
  readonly name: number;
  readonly whole: number;
}

type Next = "field" | "name length" | "value length";

/** Measures the heads of one connection, one after the other. */
export class FieldMeter {
  /** The sizes of the fields in the connection's table, the newest last. */
  readonly #table: Sizes[] = [];
  #total = 0;
  #next: Next = "field";
  /** A number that continues in the next bytes. */
  #number: { value: number; shift: number } | undefined;
  #string = 0;
  #isHuffman = false;
  #isKept = false;
  #isIndexed = false;
  #isUpdate = false;
  #name = 0;

  begin(): void {
    this.#total = 0;
    this.#next = "field";
    this.#number = undefined;
    this.#string = 0;
  }

  /** @returns An upper bound of the size of the head's fields so far; Infinity if they cannot be read. */
  read(bytes: Uint8Array): number {
    for (let at = 0; at < bytes.length;) {
      const skipped = Math.min(this.#string, bytes.length - at);
      if (skipped > 0) {
        this.#string -= skipped;
        at += skipped;
        continue;
      }
      this.#take(bytes[at++] ?? 0);
    }
    return this.#total;
  }

  #take(byte: number): void {
    if (this.#number !== undefined) this.#goOn(this.#number, byte);
    else if (this.#next === "field") this.#takeKind(byte);
    else {
      this.#isHuffman = (byte & 0x80) !== 0;
      this.#begin(byte, 0x7f);
    }
  }

  #takeKind(byte: number): void {
    this.#isIndexed = (byte & 0x80) !== 0;
    this.#isKept = !this.#isIndexed && (byte & 0x40) !== 0;
    this.#isUpdate = byte >> 5 === 1;
    this.#begin(byte, this.#isIndexed ? 0x7f : this.#isKept ? 0x3f : this.#isUpdate ? 0x1f : 0x0f);
  }

  #begin(byte: number, mask: number): void {
    const value = byte & mask;
    if (value === mask) this.#number = { value, shift: 0 };
    else this.#finish(value);
  }

  #goOn(number: { value: number; shift: number }, byte: number): void {
    number.value += (byte & 0x7f) << number.shift;
    number.shift += 7;
    if (number.shift > SHIFT_MOST) this.#total = Infinity;
    if ((byte & 0x80) !== 0) return;
    this.#number = undefined;
    this.#finish(number.value);
  }

  /** Takes a complete number: the index of a field or name, or the length of a string. */
  #finish(value: number): void {
    if (this.#next === "field") this.#takeIndex(value);
    else {
      this.#string = value;
      const size = this.#isHuffman ? Math.ceil(value * 8 / HUFFMAN_BITS) : value;
      if (this.#next === "name length") {
        this.#name = size;
        this.#next = "value length";
      } else this.#add({ name: this.#name, whole: this.#name + size + OVERHEAD });
    }
  }

  #takeIndex(index: number): void {
    if (this.#isUpdate) this.#total += OVERHEAD; // a smaller table only drops fields, so the sizes stay upper bounds
    else if (this.#isIndexed) this.#total += this.#sizesOf(index).whole;
    else if (index === 0) this.#next = "name length";
    else {
      this.#name = this.#sizesOf(index).name;
      this.#next = "value length";
    }
  }

  #sizesOf(index: number): Sizes {
    if (index <= STATIC_FIELDS) return { name: STATIC_NAME, whole: STATIC_SIZE };
    return this.#table.at(STATIC_FIELDS - index) ?? { name: TABLE_SIZE, whole: TABLE_SIZE };
  }

  #add(sizes: Sizes): void {
    this.#next = "field";
    this.#total += sizes.whole;
    if (!this.#isKept) return;
    this.#table.push(sizes);
    if (this.#table.length > TABLE_FIELDS) this.#table.shift();
  }
}
