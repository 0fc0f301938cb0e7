/** The examples in comments of lib/: `deno test --doc` runs each. */
import { assertStrictEquals } from "@std/assert";
import { fromFileUrl } from "@std/path/posix";
import { findFiles } from "../../scripts/build.ts";
import { run } from "../support/process.ts";

const ROOT = fromFileUrl(new URL("../..", import.meta.url));

Deno.test("each example in a comment of lib/ does what it says", async () => {
  const files = (await findFiles("lib", ".ts")).filter((file) =>
    Deno.readTextFileSync(`${ROOT}/${file}`).includes(" * @example")
  );
  const command = [Deno.execPath(), "test", "--doc", "--no-check", "-A", ...files];
  const { code, stdout, stderr } = await run(command, { cwd: ROOT });
  assertStrictEquals(code, 0, stdout + stderr);
});
