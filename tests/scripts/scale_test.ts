/** The tables of `deno task scale`, and that all of it runs; never how much anything costs. */
import { assert, assertMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path/posix";
import type { Point } from "../../scripts/bench/curves.ts";
import { formatCurve, formatDirectories, type Scale } from "../../scripts/scale.ts";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";

const SCRIPT = join(import.meta.dirname ?? ".", "..", "..", "scripts", "scale.ts");

Deno.test("formatCurve() relates each number to the fewest, and leaves out what was not measured", () => {
  const points: Point[] = [
    { many: 1, microseconds: { tcp: 10, unsock: 20 } },
    { many: 1000, microseconds: { unsock: 25 } },
  ];
  const table = formatCurve({ name: "work", title: "Work", points });
  assertMatch(table, /^\*\*Work\*\*$/m);
  assertMatch(table, /^\| 1 \| 10\.0 \(1\.00\) \| 20\.0 \(1\.00\) \|$/m);
  assertMatch(table, /^\| 1,000 \| {2}\| 25\.0 \(1\.25\) \|$/m);
});

Deno.test("formatDirectories() has a row for each measurement", () => {
  const table = formatDirectories([{ files: 100_000, shards: 256, processes: 2, bind: 12.34, connect: 3.2 }]);
  assertMatch(table, /^\| 100,000 \| 256 \| 2 \| 12\.3 \| 3\.20 \|$/m);
});

Deno.test("scale --quick measures all of it where there is little, and writes its page", {
  ignore: !need("cc"),
}, async () => {
  await withDir(async (dir) => {
    const words = ["run", "-A", SCRIPT, "--quick", "--json", "--out", `${dir}/scale.md`];
    const { code, stdout, stderr } = await run([Deno.execPath(), ...words], { timeoutMs: 300_000 });
    assertStrictEquals(code, 0, stderr);
    const { curves, directories }: Scale = JSON.parse(stdout);
    assert(curves.length >= 7 && directories.length === 4);
    for (const { title, points } of curves) {
      for (const { microseconds } of points) {
        assert((microseconds["tcp"] ?? 0) > 0 && (microseconds["unsock"] ?? 0) > 0, title);
      }
    }
    assertMatch(await Deno.readTextFile(`${dir}/scale.md`), /^# How it grows[\s\S]*## What it means/);
  });
});
