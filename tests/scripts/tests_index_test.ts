/** `tests/README.md`: which test shows a promise, and which run a file of C. */
import { assertEquals, assertMatch } from "@std/assert";
import { findFiles } from "../../scripts/build.ts";
import { withIndex } from "../../scripts/test/tests_index_page.ts";

const ROOT = new URL("../..", import.meta.url);
const PAGE = Deno.readTextFileSync(new URL("tests/README.md", ROOT));

function isMissing(file: string): boolean {
  try {
    Deno.statSync(new URL(file, ROOT));
    return false;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    throw error;
  }
}

Deno.test("tests/README.md has each file of C: deno task index TEST adds one", async () => {
  const sources = await findFiles("c", ".c");
  assertEquals(sources.filter((file) => !PAGE.includes(`\n| \`${file.slice("c/".length)}\` | `)), []);
});

Deno.test("the tests that tests/README.md names are there", () => {
  const named = Array.from(PAGE.matchAll(/`(tests\/[\w./]+)`/g), ([, name = ""]) => name);
  const measured = Array.from(
    PAGE.matchAll(/(?<=[|,] )([a-z]+\/\w+) \d+/g),
    ([, name = ""]) => `tests/${name}_test.ts`,
  );
  assertEquals([...new Set([...named, ...measured])].filter(isMissing), []);
  assertEquals(named.length > 100 && measured.length > 300, true);
});

Deno.test("withIndex() ranks the tests of a file, and counts the lines that one alone runs", () => {
  const file = (missed: number[]) => [{ file: "c/rt/a.c", version: "1", lines: 4, missed }];
  const measured = [
    { test: "tests/cli/one_test.ts", files: file([1, 4]) },
    { test: "tests/cli/two_test.ts", files: file([1]) },
    { test: "tests/cli/other_test.ts", files: [] },
  ];
  const page = withIndex("words\n<!-- Made by deno task index. -->\nold", ["c/rt/a.c"], measured);
  assertMatch(page, /^words\n<!-- Made by deno task index. -->\n\n\| file/);
  assertMatch(page, /^\| `rt\/a\.c` \| 75 % of 4 \| 2 \| cli\/two 75 %, cli\/one 50 % \| cli\/two 1 \|$/m);
  const fewer = withIndex(page, ["c/rt/a.c", "c/rt/b.c"], measured.slice(0, 1));
  assertMatch(fewer, /^\| `rt\/a\.c` \| 75 % of 4 \| 2 \| cli\/two 75 %/m, "the row of more tests stays");
  assertMatch(fewer, /^\| `rt\/b\.c` \| not measured \| 0 \|/m);
  const better = withIndex(page, ["c/rt/a.c"], [{ test: "tests/cli/best_test.ts", files: file([]) }]);
  assertMatch(
    better,
    /^\| `rt\/a\.c` \| 100 % of 4 \| 1 \| cli\/best 100 %/m,
    "the row of a test that runs more is new",
  );
});
