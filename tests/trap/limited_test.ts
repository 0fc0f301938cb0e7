/** Programs that are executed with little memory begin as without the library. */
import { assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { shimEnv, shimLibrary } from "../support/shim.ts";
import { buildLinked, canLink, type Linking } from "../support/static.ts";

const SOURCE = join(dirname(fromFileUrl(import.meta.url)), "limited.c");

/** Three quarters of a stack of 64 KiB are its environment. */
const LITTLE = { stack: ["65536", "48000"], data: ["2097152", "100"] };

for (const engine of ["auto", "trap"]) {
  for (const limit of ["stack", "data"] as const) {
    for (const child of ["static", "dynamic"] as const) {
      // A dynamic linker needs more stack than that by itself.
      if (limit === "stack" && child === "dynamic") continue;
      testLimited(engine, limit, child);
    }
  }
}

function testLimited(engine: string, limit: keyof typeof LITTLE, child: Linking) {
  Deno.test({
    name: `a ${child} program begins with little ${limit}, 20 times of 20 (${engine})`,
    ignore: !canLink("static") || !canLink("dynamic"),
    fn: () =>
      withDir(async (dir) => {
        const parent = await buildLinked(SOURCE, dir, "dynamic");
        const program = await buildLinked(SOURCE, dir, child);
        const words = [parent, limit, ...LITTLE[limit], program];
        const plain = await run(["env", "-i", ...words]);
        assertStrictEquals(plain.stderr, "20 of 20\n");
        const { LD_PRELOAD: _, ...env } = shimEnv(dir, { UNSOCK_ENGINE: engine });
        const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
        const { stderr } = await run(["env", "-i", ...settings, shimLibrary(), "run", "--", ...words]);
        assertStrictEquals(stderr, "20 of 20\n");
      }),
  });
}
