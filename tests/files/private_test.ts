/** Private directories (`run --private`) in a directory where others may write: nothing outside of it is touched. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { buildTool } from "./tool.ts";

const SOURCES: Readonly<Record<string, readonly string[]>> = {
  process: ["private", "words"],
  kernel: ["entries"],
  rt: ["mem", "sys", "text"],
};

Deno.test("whoever puts a link in the place of a private directory, at whatever moment, leads nobody outside", {
  ignore: !need("cc"),
}, () =>
  withDir(async (dir) => {
    const tool = await buildTool(dir, "private_tool.c", SOURCES, ["-include", "tests/files/moments.h"]);
    await Deno.mkdir(`${dir}/t`);
    const { code, stdout, stderr } = await run([tool, `${dir}/t`]);
    assertStrictEquals(code, 0, stderr);
    assertMatch(stdout, /^((make|remove|sweep), [a-z ]+: \d\d moments\n){9}$/);
    assertEquals([...Deno.readDirSync(`${dir}/t`)], []);
  }));
