/** Private directories (`run --private`) in a directory where others may write: nothing outside of it is touched. */
import { withDir } from "../support/dir.ts";
import { need } from "../support/programs.ts";
import { tryEveryMoment } from "./tool.ts";

const SOURCES: Readonly<Record<string, readonly string[]>> = {
  process: ["private"],
  kernel: ["file_info"],
  rules: ["errno"],
  rt: ["mem", "sys", "text"],
};

Deno.test("a link in the place of a private directory, put there at any moment, is not followed outside", {
  ignore: !need("cc"),
}, () =>
  withDir(async (dir) => {
    const expected = /^((make|remove|sweep), [a-z ]+: \d\d moments\n){9}$/;
    await tryEveryMoment(dir, "private_tool.c", SOURCES, ["t", "t"], expected);
  }));
