/** Lines that others forge in /proc/net/unix, by names with a newline in them. */
import { assertStrictEquals } from "@std/assert";
import { runHarness } from "../support/harness.ts";
import { need } from "../support/programs.ts";

Deno.test(
  "a forged line does not change the number of sockets connected to ours",
  { ignore: !need("cc") },
  async () => {
    assertStrictEquals(
      await runHarness("neighbours/forged.c", ["rt/mem.c", "rt/sys.c", "rules/errno.c"]),
      "0 1 right, or not known\n",
    );
  },
);
