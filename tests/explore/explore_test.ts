/**
 * Processes that bind, close, connect, are killed and prune at once, stopped at every system call: some of all their
 * schedules, chosen by a seed. `deno task test:schedules` runs all of them.
 */
import { assert, assertEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { need } from "../support/programs.ts";
import { buildExplorer, type Choice, explore } from "./explorer.ts";
import { SCENARIOS } from "./scenarios.ts";

/** Of each scenario, with a kill and without, and with a call that fails. */
const MOST = 20;
const MOST_FAILURES = 5;
const ENOSPC = 28, EACCES = 13;

const mayBeTwoUsers = Deno.uid() === 0;

/** A call is made to fail by its number in the registers of x86-64. */
const CAN_FAIL = Deno.build.arch === "x86_64";

Deno.test("at whatever system calls processes take turns, names and answers are those of TCP and UDP", {
  ignore: !need("cc"),
}, () =>
  withDir(async (dir) => {
    const tool = await buildExplorer(dir);
    const found: string[] = [];
    let schedules = 0;
    for (const scenario of SCENARIOS) {
      if (scenario.mode !== undefined && !mayBeTwoUsers) continue;
      const choices: [string, Choice][] = [
        ["", { most: MOST, seed: 1, kill: false }],
        ["-k ", { most: MOST, seed: 1, kill: true }],
        ...[ENOSPC, EACCES].map((failure): [string, Choice] => [
          `-e ${failure} `,
          { most: MOST_FAILURES, seed: failure, kill: false, failure },
        ]),
      ];
      for (const [option, choice] of choices.slice(0, CAN_FAIL ? 4 : 2)) {
        const explored = await explore(tool, scenario, choice);
        schedules += explored.schedules;
        found.push(...explored.findings.map((finding) => `${option}${scenario.text}: ${finding}`));
      }
    }
    assertEquals(found, []);
    assert(schedules > MOST * SCENARIOS.length, `${schedules}`);
  }));

Deno.test(
  "the explorer finds a server that somebody removes the file of",
  { ignore: !need("cc") },
  () =>
    withDir(async (dir) => {
      const tool = await buildExplorer(dir);
      // A plain server that unlinks a living one's file is its own deed: only the clients that come later are judged.
      const { schedules, findings } = await explore(tool, { text: "b127.0.0.1 /|b127.0.0.1 / v|x127.0.0.1" }, {
        kill: false,
        most: 20,
      });
      assertEquals([schedules, findings.length > 0], [20, true]);
    }),
);
