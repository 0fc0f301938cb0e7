/** Inputs for the tests of the readers of control files. */
import { assertEquals } from "@std/assert";
import { ControlFileError, decodeControlFile, encodeControlFile } from "../../lib/control/format.ts";
import { controlFacts } from "../../lib/control/words.ts";
import {
  CONTROL_SIZE,
  controlFile,
  firecrackerFile,
  sockaddrInet,
  sockaddrInet6Loopback,
  sockaddrTipc,
  sockaddrUnix,
  sockaddrVsock,
} from "./control.ts";
import type { Random } from "./random.ts";

/** Offsets that a reader must check: magic, options, lengths, families and beginnings of addresses, socket options. */
const FIELDS = [0, 4, 8, 9, 16, 17, 20, 21, 24, 28, 32, 33, 34, 35, 160, 161, 162, 163, 288, 292, 448];
const NUMBERS = [0, 1, 2, 3, 10, 16, 28, 30, 40, 108, 110, 111, 127, 128, 129, 255, 4096, 0x7fffffff, 0xffffffff];

/** One control file of each kind. */
const VALID: readonly Uint8Array<ArrayBuffer>[] = [
  controlFile({ dest: sockaddrVsock(1, 5678) }),
  controlFile({ dest: sockaddrTipc({ type: 128, lower: 99 }) }),
  controlFile({ dest: sockaddrUnix("/run/other.sock") }),
  controlFile({ dest: sockaddrUnix("/" + "x".repeat(107)) }),
  controlFile({ dest: sockaddrUnix("\0abstract") }),
  controlFile({ dest: sockaddrInet("127.0.0.1", 80), sockopts: [{ group: 1, key: 8, value: 65536 }] }),
  controlFile({ dest: sockaddrInet6Loopback(80), sockopts: [{ group: 1, key: 20, value: new Uint8Array(32) }] }),
  firecrackerFile("/run/v.sock", 5678),
];

/**
 * Yields random bytes and mutated control files, some of them cut or lengthened.
 *
 * @param random The source of randomness.
 */
export function* randomControlFiles(random: Random): Generator<Uint8Array<ArrayBuffer>, never> {
  for (;;) {
    const bytes = random.pick(VALID).slice();
    const kind = random.below(10);
    if (kind === 0) random.fill(bytes);
    else if (kind === 1) random.fill(bytes.subarray(16));
    else if (kind === 2) yield mutate(bytes, random).slice(0, random.below(CONTROL_SIZE));
    else if (kind === 3) yield lengthen(mutate(bytes, random), random);
    else mutate(bytes, random);
    if (kind !== 2 && kind !== 3) yield bytes;
  }
}

function mutate(bytes: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer);
  for (let changes = random.below(4); changes > 0; changes--) {
    const kind = random.below(4);
    if (kind === 0) view.setUint32(random.pick([8, 16, 20, 24, 28, 288, 292]), random.pick(NUMBERS), true);
    else if (kind === 1) view.setUint16(random.pick([32, 160]), random.pick([0, 1, 2, 10, 30, 40, 16]), true);
    else if (kind === 2) bytes[random.pick(FIELDS)] = random.below(256);
    else bytes[random.below(bytes.length)] = random.below(256);
  }
  return bytes;
}

function lengthen(bytes: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  const longer = new Uint8Array(bytes.length + 1 + random.below(600));
  longer.set(bytes);
  return longer;
}

/** Yields files of every kind with numbers beside a bound in each field: all lengths, all families, all bytes. */
export function* boundaryControlFiles(): Generator<Uint8Array<ArrayBuffer>> {
  const small = Array.from({ length: 132 }, (_, number) => number);
  const changed = (valid: Uint8Array, change: (view: DataView<ArrayBuffer>) => void) => {
    const bytes = Uint8Array.from(valid);
    change(new DataView(bytes.buffer));
    return bytes;
  };
  for (const valid of VALID) {
    for (const at of [8, 12, 16, 20]) {
      for (const number of [...small, ...NUMBERS]) yield changed(valid, (view) => view.setUint32(at, number, true));
    }
    for (const at of [32, 160]) {
      for (const number of [...small, ...NUMBERS]) yield changed(valid, (view) => view.setUint16(at, number, true));
    }
    for (let at = 0; at < CONTROL_SIZE; at++) {
      for (const byte of [0, 1, 0x7f, 0xff]) yield changed(valid, (view) => view.setUint8(at, byte));
    }
    for (const length of [...small, CONTROL_SIZE - 1, CONTROL_SIZE + 1]) {
      yield Uint8Array.from({ length }, (_, at) => valid[at] ?? 0);
    }
  }
}

/** Control characters, which would write to a terminal. */
// deno-lint-ignore no-control-regex
const CONTROLS = /[\x00-\x1f\x7f-\x9f]/;

/**
 * Gives the bytes to the command line's reader.
 *
 * @returns Whether it accepts them.
 * @throws {Error} When its answer is wrong by itself: no reason, more than a line, or another file if written again.
 */
export function acceptsControlFile(bytes: Uint8Array): boolean {
  try {
    const file = decodeControlFile(bytes);
    const facts = controlFacts(file);
    if (CONTROLS.test(JSON.stringify(facts))) throw new Error(`it writes to a terminal: ${JSON.stringify(facts)}`);
    assertEquals(controlFacts(decodeControlFile(encodeControlFile(file))).socketOptions, facts.socketOptions);
    return true;
  } catch (error) {
    if (!(error instanceof ControlFileError)) throw error;
    if (error.message === "" || CONTROLS.test(error.message)) {
      throw new Error("no reason in one line", { cause: error });
    }
    return false;
  }
}
