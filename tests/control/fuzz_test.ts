/** Control files are data from outside: 100,000 random and mutated ones are judged and explained alike, within bounds. */
import { assert, assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
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

const ROOT = join(dirname(fromFileUrl(import.meta.url)), "..", "..");
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

Deno.test({
  name:
    `the library judges and explains ${COUNT} control files within its bounds, under AddressSanitizer (seed ${SEED})`,
  ignore: !need("cc"),
  fn: () =>
    withDir(async (dir) => {
      const harness = await buildHarness(dir);
      await Deno.writeFile(`${dir}/records`, records());
      const script = '"$1" "$2" < "$3"';
      const { code, stdout, stderr } = await run(["sh", "-c", script, "sh", harness, dir, `${dir}/records`]);
      assertStrictEquals(code, 0, stderr);
      assertStrictEquals(stdout.length, COUNT);
      const accepted = [...stdout].filter((verdict) => verdict === "1").length;
      // Else the inputs try only one side.
      assert(Math.min(accepted, COUNT - accepted) > COUNT / 5, `${accepted} accepted`);
    }),
});

async function buildHarness(dir: string): Promise<string> {
  const flags = "-std=gnu17 -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-builtin -Ic".split(" ");
  const sources = [
    "tests/control/harness.c",
    "c/program/control_explain.c",
    ...["address_text", "control", "control_words", "ip", "keyed_hash", "socket_options", "utf8"].map((name) =>
      `c/rules/${name}.c`
    ),
    "c/files/control_file.c",
    "c/rt/mem.c",
    "c/rt/sys.c",
    "c/rt/text.c",
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
