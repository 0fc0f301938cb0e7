/** Control files are data from outside: both readers judge 100,000 random and mutated ones alike; neither crashes. */
import { assert, assertStrictEquals, fail } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { ControlFileError, decodeControlFile } from "../../lib/control/control_file.ts";
import {
  CONTROL_SIZE,
  controlFile,
  firecrackerFile,
  sockaddrInet,
  sockaddrInet6Loopback,
  sockaddrTipc,
  sockaddrUnix,
  sockaddrVsock,
} from "../support/control.ts";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { Random } from "../support/random.ts";
import { shimLibrary } from "../support/shim.ts";

const ROOT = join(dirname(fromFileUrl(import.meta.url)), "..", "..");
const EINVAL = 22;
const COUNT = 100_000;
const SEED = Number(Deno.env.get("UNSOCK_TEST_SEED") ?? 20_220_606);

/** Where mutations hurt: magic, options, lengths, families and the beginnings of the addresses, socket options. */
const FIELDS = [0, 4, 8, 9, 16, 17, 20, 21, 24, 28, 32, 33, 34, 35, 160, 161, 162, 163, 288, 292, 448];
const NUMBERS = [0, 1, 2, 3, 10, 16, 28, 30, 40, 108, 110, 111, 127, 128, 129, 255, 4096, 0x7fffffff, 0xffffffff];
const VALID = [
  controlFile({ dest: sockaddrVsock(1, 5678) }),
  controlFile({ dest: sockaddrTipc({ type: 128, lower: 99 }) }),
  controlFile({ dest: sockaddrUnix("/run/other.sock") }),
  controlFile({ dest: sockaddrUnix("/" + "x".repeat(107)) }),
  controlFile({ dest: sockaddrUnix("\0abstract") }),
  controlFile({ dest: sockaddrInet("127.0.0.1", 80), sockopts: [{ group: 1, key: 8, value: 65536 }] }),
  controlFile({ dest: sockaddrInet6Loopback(80), sockopts: [{ group: 1, key: 20, value: new Uint8Array(32) }] }),
  firecrackerFile("/run/v.sock", 5678),
];

/** The inputs, the same in every run. */
function* inputs(): Generator<Uint8Array<ArrayBuffer>> {
  const random = new Random(SEED);
  for (let i = 0; i < COUNT; i++) {
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

/** The reader of the library: 0 or a negative errno. */
function openLibrary(): Disposable & { check(bytes: Uint8Array<ArrayBuffer>, length: number): number } {
  const library = Deno.dlopen(shimLibrary(), {
    /** `int unsock_check_control(const void *bytes, size_t length)` */
    unsock_check_control: { parameters: ["buffer", "usize"], result: "i32" },
  });
  return {
    check: (bytes, length) => library.symbols.unsock_check_control(bytes, BigInt(length)),
    [Symbol.dispose]: () => library.close(),
  };
}

/** The reader of the command line. */
function acceptedByTypeScript(bytes: Uint8Array): boolean {
  try {
    decodeControlFile(bytes);
    return true;
  } catch (error) {
    if (error instanceof ControlFileError) return false;
    throw error;
  }
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

Deno.test({
  name: `the library and the command line agree on ${COUNT} random and mutated control files (seed ${SEED})`,
  fn: () => {
    using library = openLibrary();
    const counts = { accepted: 0, refused: 0 };
    for (const bytes of inputs()) {
      const result = library.check(bytes, bytes.length);
      assert(result === 0 || result === -EINVAL, `${result} for ${hex(bytes)}`);
      const accepted = acceptedByTypeScript(bytes);
      if (accepted !== (result === 0)) {
        fail(`TypeScript ${accepted ? "accepts" : "refuses"} what C judges by ${result}: ${hex(bytes)}`);
      }
      counts[accepted ? "accepted" : "refused"]++;
    }
    assertStrictEquals(counts.accepted + counts.refused, COUNT);
    // Else the inputs try only one side.
    assert(Math.min(counts.accepted, counts.refused) > COUNT / 5, JSON.stringify(counts));
  },
});

Deno.test("both readers accept every kind of control file, and nothing of another length", () => {
  using library = openLibrary();
  for (const bytes of VALID) {
    assert(acceptedByTypeScript(bytes));
    assertStrictEquals(library.check(bytes, bytes.length), 0);
    for (const length of [0, 1, CONTROL_SIZE - 1]) {
      assertStrictEquals(library.check(bytes, length), -EINVAL);
      assert(!acceptedByTypeScript(bytes.subarray(0, length)));
    }
  }
});

Deno.test({
  name: `the library's reader stays within its bounds on ${COUNT} control files, under AddressSanitizer`,
  ignore: !need("cc"),
  fn: () =>
    withDir(async (dir) => {
      const harness = await buildHarness(dir);
      await Deno.writeFile(`${dir}/records`, records());
      const script = '"$1" "$2" < "$3"';
      const { code, stdout, stderr } = await run(["sh", "-c", script, "sh", harness, dir, `${dir}/records`]);
      assertStrictEquals(code, 0, stderr);
      const expected = [...inputs()].map((bytes) => acceptedByTypeScript(bytes) ? "1" : "0").join("");
      assert(stdout === expected, "the sanitized build judges differently");
    }),
});

async function buildHarness(dir: string): Promise<string> {
  const flags = "-std=gnu17 -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-builtin -Ic".split(" ");
  const sources = [
    "tests/control/harness.c",
    "c/rules/control.c",
    "c/files/control_file.c",
    "c/kernel/beyond_limit.c",
    "c/rt/mem.c",
    "c/rt/sys.c",
  ];
  const { code, stderr } = await run(["cc", ...flags, "-o", `${dir}/harness`, ...sources], { cwd: ROOT });
  assertStrictEquals(code, 0, stderr);
  return `${dir}/harness`;
}

function records(): Uint8Array {
  const all = [...inputs()];
  const bytes = new Uint8Array(all.reduce((sum, { length }) => sum + 4 + length, 0));
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const record of all) {
    view.setUint32(offset, record.length, true);
    bytes.set(record, offset + 4);
    offset += 4 + record.length;
  }
  return bytes;
}
