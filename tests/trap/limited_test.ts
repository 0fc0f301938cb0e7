/** Programs that are executed with little memory begin as without the library. */
import { assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { libraryEnv, libraryFile } from "../support/library.ts";
import { buildLinked, canLink, type Linking } from "../support/static.ts";

const SOURCE = join(dirname(fromFileUrl(import.meta.url)), "limited.c");

const LIMITS = { stack: "65536", data: "2097152" };

/** Lengths of an environment: a login's are 2 to 8 KB, and the last is three quarters of the stack. */
const LENGTHS = { stack: ["2000", "4000", "8000", "48000"], data: ["100"] };

for (const engine of ["auto", "trap"]) {
  for (const limit of ["stack", "data"] as const) {
    for (const child of ["static", "musl", "dynamic"] as const) {
      // A dynamic linker needs more stack than that by itself.
      if (limit === "stack" && child === "dynamic") continue;
      testLimited(engine, limit, child);
    }
  }
}

function testLimited(engine: string, limit: keyof typeof LIMITS, child: Linking) {
  Deno.test({
    name: `a ${child} program begins with little ${limit}, 20 times of 20 (${engine})`,
    ignore: !canLink(child) || !canLink("dynamic"),
    fn: () =>
      withDir(async (dir) => {
        const parent = await buildLinked(SOURCE, dir, "dynamic");
        const program = await buildLinked(SOURCE, dir, child);
        const { LD_PRELOAD: _, ...env } = libraryEnv(dir, { UNSOCK_ENGINE: engine });
        const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
        for (const length of LENGTHS[limit]) {
          const words = [parent, limit, LIMITS[limit], length, program];
          const plain = await run(["env", "-i", ...words]);
          assertStrictEquals(plain.stderr, "20 of 20\n", length);
          const { stderr } = await run(["env", "-i", ...settings, libraryFile(), "run", "--", ...words]);
          assertStrictEquals(stderr, "20 of 20\n", length);
        }
      }),
  });
}
