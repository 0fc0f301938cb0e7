/** Which group `--group` means, where /etc/group and getent(1) are the test's own. */
import { assertEquals, assertMatch } from "@std/assert";
import { withDir, writeProgram } from "../support/dir.ts";
import { mayUnshare } from "../support/namespaces.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";

const GETENT = "/usr/bin/getent";

/** Every form of an answer: its own line alone counts. */
const ANSWER = `#!/bin/sh
[ "$1" = group ] && [ "$2" = elsewhere ] && echo other:x:1: && echo elsewhere:x:4711:a,b`;

Deno.test({
  name: "--group is looked up in /etc/group, however many members one has, then as a number, then by getent",
  ignore: !need("unshare", "mount", "getent") || Deno.uid() !== 0 || !await mayUnshare(),
  fn: () =>
    withDir(async (dir) => {
      const members = Array.from({ length: 2000 }, (_, index) => `member${index}`).join(",");
      const groups = `first:x:1:\nmany:x:4242:${members}\n42:x:43:\nsplit:x:${"9".repeat(300)}:\n:x:5:\nlast:x:4444:`;
      await Deno.writeTextFile(`${dir}/group`, groups);
      writeProgram(`${dir}/getent`, ANSWER);
      const script = `mount --bind ${dir}/group /etc/group && mount --bind ${dir}/getent ${GETENT} || exit 9
        for group in many last 42 77 elsewhere other split nobody-s; do
          ${libraryFile()} run --dir ${dir}/$group --group $group -- stat -c %g:%a ${dir}/$group
        done`;
      const { stdout, stderr } = await run(["unshare", "--mount", "sh", "-c", script]);
      assertEquals(stdout, "4242:2770\n4444:2770\n43:2770\n77:2770\n4711:2770\n", stderr);
      assertMatch(stderr, /^(unsock: --group: there is no such group: "(other|split|nobody-s)": [^\n]*\n){3}$/);
    }),
});
