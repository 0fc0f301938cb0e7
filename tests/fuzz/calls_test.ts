/**
 * Programs of socket calls, found by `deno task fuzz:calls` or written down, end as over TCP and UDP by every door, or
 * differ as docs/limits.md says. CI runs random ones, too (`.ci/run`).
 */
import { assert, assertEquals } from "@std/assert";
import { basename, dirname, fromFileUrl, join } from "@std/path/posix";
import { buildInterpreters, DOORS, firstDifference } from "./calls/compare.ts";
import { countLines, readBlocks, readRows } from "./calls/coverage.ts";
import { ROWS } from "./calls/differences.ts";
import { readProgram } from "./calls/generate.ts";

const HERE = dirname(fromFileUrl(import.meta.url));
const FOUND = join(HERE, "calls", "found");
const LIMITS = join(HERE, "..", "..", "docs", "limits.md");
/** The network of its own that programs run in. */
const ignore = Deno.uid() !== 0;

const files = [...Deno.readDirSync(FOUND)].map(({ name }) => name).sort();
if (!ignore) await buildInterpreters();

for (const file of files) {
  const { program, row } = readProgram(Deno.readTextFileSync(join(FOUND, file)));
  const name = `calls: ${basename(file, ".txt").replaceAll("_", " ")}`;
  Deno.test({
    name: row === undefined ? `${name}, by each door` : `${name}: ${row}`,
    ignore,
    fn: async () => {
      const rows: (string | undefined)[] = [];
      for (const door of DOORS) {
        const found = await firstDifference(program, door);
        if (found !== undefined) assertEquals({ ...found, row: found.row ?? "none" }, { ...found, row }, door);
        rows.push(found?.row);
      }
      if (row !== undefined) assert(rows.includes(row), "no door has the difference any more: name it no longer");
    },
  });
}

Deno.test("calls: each difference that is allowed stands in docs/limits.md", () => {
  const page = Deno.readTextFileSync(LIMITS).replace(/\s+/g, " ");
  assertEquals(ROWS.filter((row) => !page.includes(row)), []);
});

Deno.test("countLines() counts a line if a block that begins in it ran, or the block that it is in", () => {
  const code = [
    "0000000000001000 <f>:",
    "    1000:\tsub    $0x8,%rsp",
    "    1004:\tcall   2000 <__sanitizer_cov_trace_pc>",
    "    1009:\ttest   %edi,%edi",
    "    100b:\tje     1014 <f+0x14>",
    "    100d:\tcall   2000 <__sanitizer_cov_trace_pc>",
    "    1012:\tjmp    1019 <f+0x19>",
    "    1014:\taddr32 call 2000 <__sanitizer_cov_trace_pc>",
    "    101a:\tret",
  ];
  const table = [
    "CU: c/calls/f.c:",
    "File name       Line number    Starting address    View    Stmt",
    "f.c                       1              0x1000               x",
    "f.c                       2              0x1004               x",
    "f.c                       3              0x1009               x",
    "f.c                       4              0x100d               x",
    "f.c                       5              0x1014               x",
    "f.c                       -              0x101b",
  ];
  const blocks = readBlocks(code);
  assertEquals(blocks.blocks.map(({ mark }) => mark), [0x1009, 0x1012, 0x101a]);
  const count = (...marked: number[]) => countLines(readRows(table), blocks, (address) => marked.includes(address));
  assertEquals(count(0x1009, 0x101a), [{ file: "c/calls/f.c", lines: 5, ran: 4, missed: [4] }]);
  assertEquals(count(), [{ file: "c/calls/f.c", lines: 5, ran: 0, missed: [1, 2, 3, 4, 5] }]);
});
