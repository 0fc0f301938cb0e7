/** Tests on a machine without the programs that they need. */
import { assertMatch, assertStrictEquals } from "@std/assert";
import { fromFileUrl } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";

const RIG = fromFileUrl(new URL("../cli/http_rig.ts", import.meta.url));

Deno.test({
  name: "tests: a Node.js that is too old, and no newer one to fetch, is a failure where all must work",
  ignore: !need("python3", "curl"),
  fn: () =>
    withDir(async (dir) => {
      for (const [program, text] of [["node", "echo 20.1.0"], ["npx", "exit 1"]]) {
        await Deno.writeTextFile(`${dir}/${program}`, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
      }
      const load = async (mustWork: string) => {
        const env = { PATH: `${dir}:${Deno.env.get("PATH")}`, UNSOCK_MUST_WORK: mustWork };
        return await run([Deno.execPath(), "run", "-A", "--no-check", RIG], { env });
      };
      const skipped = await load("0");
      assertStrictEquals(skipped.code, 0, skipped.stderr);
      const failed = await load("1");
      assertStrictEquals(failed.code, 1);
      assertMatch(failed.stderr, /missing Node\.js 22 or newer: `npx node@22` must be able to fetch it/);
    }),
});
