/**
 * Processes that bind, close, connect, are killed and prune at once, stopped at every system call: some of all their
 * schedules, chosen by a seed. `deno task test:schedules` runs all of them.
 */
import { assertEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { need } from "../support/programs.ts";
import { buildExplorer, explore } from "./explorer.ts";
import { SCENARIOS } from "./scenarios.ts";
import { assertAsOverIp } from "./some_schedules.ts";

Deno.test("at whatever system calls processes take turns, names and answers are those of TCP and UDP", {
  ignore: !need("cc"),
}, () => assertAsOverIp(SCENARIOS.filter(({ mode }) => mode === undefined)));

Deno.test(
  "the explorer finds a server whose file was removed by another process",
  { ignore: !need("cc") },
  () =>
    withDir(async (dir) => {
      const tool = await buildExplorer(dir);
      // A plain server that unlinks a living one's file is its own deed: only the clients that come later are judged.
      const { schedules, findings } = await explore(tool, { text: "b127.0.0.1 /|b127.0.0.1 / v|x127.0.0.1" }, {
        kills: 0,
        most: 20,
      });
      assertEquals([schedules, findings.length > 0], [20, true]);
    }),
);
