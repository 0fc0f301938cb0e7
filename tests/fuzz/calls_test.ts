/** Programs of socket calls, found by `deno task fuzz:calls` or written down, end as over TCP and UDP by every door. */
import { assertEquals } from "@std/assert";
import { basename, dirname, fromFileUrl, join } from "@std/path/posix";
import { buildInterpreters, DOORS, firstDifference } from "./calls/compare.ts";
import { ROWS } from "./calls/differences.ts";
import { Generator } from "./calls/generate.ts";
import { Random } from "../support/random.ts";

const HERE = dirname(fromFileUrl(import.meta.url));
const FOUND = join(HERE, "calls", "found");
const LIMITS = join(HERE, "..", "..", "docs", "limits.md");
/** The network of its own that programs run in. */
const ignore = Deno.uid() !== 0;
const RANDOM = { seed: 20261130, programs: 150, lines: 24 };

const files = [...Deno.readDirSync(FOUND)].map(({ name }) => name).sort();
if (!ignore) await buildInterpreters();

for (const file of files) {
  Deno.test({
    name: `calls: ${basename(file, ".txt").replaceAll("_", " ")}, by each door`,
    ignore,
    fn: async () => {
      const program = Deno.readTextFileSync(join(FOUND, file)).trimEnd().split("\n");
      for (const door of DOORS) assertEquals(await firstDifference(program, door), undefined, door);
    },
  });
}

Deno.test({
  name: `calls: ${RANDOM.programs} random programs differ in nothing that docs/limits.md does not name`,
  ignore,
  fn: async () => {
    const random = new Random(RANDOM.seed);
    for (let i = 0; i < RANDOM.programs; i++) {
      const program = new Generator(random).make(RANDOM.lines);
      const door = random.pick(DOORS);
      const found = await firstDifference(program, door);
      assertEquals(found?.row === undefined ? found : undefined, undefined, `${door}\n${program.join("\n")}`);
    }
  },
});

Deno.test("calls: each difference that is allowed stands in docs/limits.md", () => {
  const page = Deno.readTextFileSync(LIMITS).replace(/\s+/g, " ");
  assertEquals(ROWS.filter((row) => !page.includes(row)), []);
});
