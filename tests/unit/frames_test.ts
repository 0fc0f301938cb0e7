/** lib/expose/frames.ts and field_meter.ts: floods of HTTP/2 are found before the runtime has their bytes. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { FloodWatch } from "../../lib/expose/frames.ts";
import { FieldMeter } from "../../lib/expose/field_meter.ts";

const [DATA, HEADERS, RESET, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION] = [0, 1, 3, 4, 6, 8, 9];
const [END_STREAM, END_HEADERS] = [1, 4];
const PREFACE = new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

function frame(kind: number, flags: number, stream: number, payload: ArrayLike<number> = []): number[] {
  const { length } = payload;
  return [
    length >> 16,
    length >> 8 & 255,
    length & 255,
    kind,
    flags,
    0,
    0,
    stream >> 8,
    stream & 255,
    ...Array.from(payload),
  ];
}

/** A field with a value of so many characters, which the table keeps. */
function literal(size: number): number[] {
  const length = size < 127 ? [size] : [127, (size - 127 & 127) | 128, size - 127 >> 7];
  return [0x40, 1, 0x78, ...length, ...new Array<number>(size).fill(0x61)];
}

/** Lets all bytes through that may pass, whatever the turns. Returns why they end the connection. */
function watchAll(frames: number[][], step = Infinity, watch = new FloodWatch(() => 0)): string | undefined {
  const bytes = Uint8Array.from([...PREFACE, ...frames.flat()]);
  for (let at = 0; at < bytes.length && watch.why === undefined;) {
    at += watch.readClient(bytes.subarray(at, at + Math.min(step, bytes.length)));
  }
  return watch.why;
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

Deno.test("the size of fields is bounded from above, whatever names them", () => {
  const meter = new FieldMeter();
  const sizeOf = (...bytes: number[]) => {
    meter.begin();
    return meter.read(Uint8Array.from(bytes));
  };
  assertStrictEquals(sizeOf(0x82, 0x84), 144, "two of the static table: each counts as its largest");
  assertStrictEquals(sizeOf(...literal(100)), 133);
  assertStrictEquals(sizeOf(...literal(2000)), 2033);
  assertStrictEquals(sizeOf(0xbe), 2033, "the newest");
  assertStrictEquals(sizeOf(0xbf, 0xbf), 266, "the one before it");
  assertStrictEquals(sizeOf(0xc0), 4096, "one that is not there: the largest that there could be");
  assertStrictEquals(
    sizeOf(0x0f, 0x2f, 2, 0x61, 0x61),
    35,
    "a name of the table (62), and a value that it does not keep",
  );
  assertStrictEquals(sizeOf(0x00, 0x81, 0x1f, 0x82, 0x1f, 0x1f), 38, "Huffman's code: 8/5 of the bytes");
  assertStrictEquals(sizeOf(0xff, 255, 255, 255, 255, 255), Infinity, "a number without an end");
  const split = new FieldMeter();
  split.begin();
  const sums = literal(300).map((byte) => split.read(Uint8Array.of(byte)));
  assertStrictEquals(sums.at(-1), 333, "byte by byte");
});

Deno.test("a browser's frames pass, wherever they are cut", () => {
  const page = times(300, (i) => frame(HEADERS, END_STREAM | END_HEADERS, 2 * i + 1, [0x82, 0x84, ...literal(600)]));
  const rest = [
    frame(SETTINGS, 0, 0, new Array(18).fill(0)),
    frame(HEADERS, 0, 801, literal(9000)),
    frame(CONTINUATION, END_HEADERS, 801, literal(3000)),
    frame(DATA, END_STREAM, 801),
    ...times(100, (i) => frame(RESET, 0, 2 * i + 1, [0, 0, 0, 8])),
    ...times(300, () => frame(WINDOW_UPDATE, 0, 0, [0, 1, 0, 0])),
    ...times(50, () => frame(PING, 0, 0, new Array(8).fill(0))),
  ];
  for (const step of [1, 7, 9, 1000, Infinity]) assertStrictEquals(watchAll([...page, ...rest], step), undefined);
});

Deno.test("at most eight streams are opened in one turn", () => {
  const watch = new FloodWatch(() => 0);
  const one = frame(HEADERS, END_STREAM | END_HEADERS, 1, [0x82]);
  const bytes = Uint8Array.from([...PREFACE, ...times(20, () => one).flat()]);
  const counts: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const count = watch.readClient(bytes.subarray(at));
    counts.push(count);
    at += count;
  }
  assertEquals(counts.slice(1), [80, 41].map((count) => count), "the payload of the last head goes with the next turn");
  assertStrictEquals(counts[0], PREFACE.length + 79);
});

Deno.test("floods end the connection, and say why", () => {
  const open = frame(HEADERS, END_STREAM | END_HEADERS, 1, [0x82, ...literal(4000)]);
  const cases: [RegExp, number[][]][] = [
    [/fields of a head are too large/, [open, frame(HEADERS, END_HEADERS, 3, new Array(20).fill(0xbe))]],
    [/fields of a head are too large/, [frame(HEADERS, END_HEADERS, 1, new Array(1000).fill(0x82))]],
    [/a head is too long/, [frame(HEADERS, 0, 1), ...times(20, () => frame(CONTINUATION, 0, 1))]],
    [/cut by another frame/, [frame(HEADERS, 0, 1, [0x82]), frame(PING, 0, 0, new Array(8).fill(0))]],
    [/cut by another frame/, [frame(CONTINUATION, 0, 1, [0x82])]],
    [/a head is padded/, [frame(HEADERS, END_HEADERS | 8, 1, [0, 0x82])]],
    [/a frame is too long/, [frame(DATA, 0, 1, new Array(16_385).fill(0))]],
    [/streams are reset/, times(300, (i) => frame(RESET, 0, 2 * i + 1, [0, 0, 0, 8]))],
    [/carry nothing/, times(1_100, () => frame(PING, 0, 0, new Array(8).fill(0)))],
    [/carry nothing/, times(1_100, () => frame(SETTINGS, 0, 0))],
    [/carry nothing/, times(1_100, () => frame(DATA, 0, 1))],
    [/carry nothing/, times(1_100, () => frame(0xee, 0, 0))],
  ];
  for (const [why, frames] of cases) {
    for (const step of [1, Infinity]) {
      const found = watchAll(frames, step);
      assert(found !== undefined && why.test(found), `${why}: ${found}`);
    }
  }
});

Deno.test("budgets are of a second: a slow client may go on, and a server's data pays for window updates", () => {
  let now = 0;
  const slow = new FloodWatch(() => now += 100);
  assertStrictEquals(watchAll(times(3_000, () => frame(PING, 0, 0, new Array(8).fill(0))), Infinity, slow), undefined);
  const reader = new FloodWatch(() => 0);
  const update = Uint8Array.from(frame(WINDOW_UPDATE, 0, 0, [0, 1, 0, 0]));
  reader.readClient(PREFACE);
  for (let i = 0; i < 5_000; i++) {
    reader.readServer(Uint8Array.from(frame(DATA, 0, 1, [1])));
    reader.readClient(update);
  }
  assertStrictEquals(reader.why, undefined);
  for (let i = 0; i < 300; i++) reader.readServer(Uint8Array.from(frame(RESET, 0, 1, [0, 0, 0, 1])));
  assertStrictEquals(reader.why, "too many streams are reset");
});
