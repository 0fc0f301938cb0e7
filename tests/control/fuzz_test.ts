/**
 * Control files are data from outside: the library's reader, under AddressSanitizer, and the command line's accept the same of
 * random and mutated ones. `deno task fuzz control_readers` goes on for as long as one likes.
 */
import { assert, assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { acceptsControlFile, boundaryControlFiles, randomControlFiles } from "../support/control_inputs.ts";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { Random } from "../support/random.ts";

const ROOT = join(dirname(fromFileUrl(import.meta.url)), "..", "..");
const COUNT = 100_000;
const SEED = Number(Deno.env.get("UNSOCK_TEST_SEED") ?? 20_220_606);

Deno.test({
  name:
    `the library and the command line accept the same of ${COUNT} control files, and more at all bounds (seed ${SEED})`,
  ignore: !need("cc"),
  fn: () =>
    withDir(async (dir) => {
      const harness = await buildHarness(dir);
      const inputs = [...boundaryControlFiles(), ...take(randomControlFiles(new Random(SEED)), COUNT)];
      await Deno.writeFile(`${dir}/records`, records(inputs));
      const script = '"$1" "$2" < "$3"';
      const { code, stdout, stderr } = await run(["sh", "-c", script, "sh", harness, dir, `${dir}/records`]);
      assertStrictEquals(code, 0, stderr);
      assertStrictEquals(stdout.length, inputs.length);
      for (const [index, bytes] of inputs.entries()) {
        assertStrictEquals(acceptsControlFile(bytes), stdout[index] === "1", `${bytes}`);
      }
      const accepted = [...stdout].filter((verdict) => verdict === "1").length;
      // Else the inputs try only one side.
      assert(Math.min(accepted, inputs.length - accepted) > inputs.length / 5, `${accepted} accepted`);
    }),
});

async function buildHarness(dir: string): Promise<string> {
  const flags = "-std=gnu17 -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-builtin -Ic".split(" ");
  const sources = [
    "tests/control/harness.c",
    "c/rules/control.c",
    "c/rules/program_file.c",
    "c/files/control_file.c",
    "c/kernel/file_info.c",
    "c/rt/mem.c",
    "c/rt/sys.c",
    "c/rt/text.c",
  ];
  const { code, stderr } = await run(["cc", ...flags, "-o", `${dir}/harness`, ...sources], { cwd: ROOT });
  assertStrictEquals(code, 0, stderr);
  return `${dir}/harness`;
}

function* take<T>(values: Iterable<T>, count: number): Generator<T> {
  for (const value of values) {
    if (count-- === 0) return;
    yield value;
  }
}

function records(all: readonly Uint8Array[]): Uint8Array {
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
