/**
 * Fuzzes both readers of control files, the library's and the command line's, which must accept the same.
 *
 * Usage: `control_readers.ts SECONDS FILE [SEED]`: FILE gets an input that one accepts and the other refuses.
 */
import { acceptsControlFile, boundaryControlFiles, randomControlFiles } from "../../support/control_inputs.ts";
import { Random } from "../../support/random.ts";
import { openFunctions } from "../../../lib/library/ffi.ts";

const [seconds = "60", found = "found", given] = Deno.args;
const library = openFunctions(new URL("../../../build/libunsock.so", import.meta.url).pathname);
const [seed = 1] = given === undefined ? crypto.getRandomValues(new Uint32Array(1)) : [Number(given)];
const end = performance.now() + Number(seconds) * 1000;
let count = 0;

function agrees(bytes: Uint8Array<ArrayBuffer>): boolean {
  count++;
  return acceptsControlFile(bytes) === (library.unsock_check_control(bytes, BigInt(bytes.length)) === 0);
}

function* inputs(): Generator<Uint8Array<ArrayBuffer>> {
  yield* boundaryControlFiles();
  for (const bytes of randomControlFiles(new Random(seed || 1))) {
    if (performance.now() > end) return;
    yield bytes;
  }
}

for (const bytes of inputs()) {
  if (agrees(bytes)) continue;
  Deno.writeFileSync(found, bytes);
  console.log(`the readers of control files disagree (seed ${seed}): ${found}`);
  Deno.exit(1);
}
console.log(`Done ${count} inputs (seed ${seed})`);
