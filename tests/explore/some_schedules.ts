/** Some of the schedules of scenarios, chosen by a seed. */
import { assert, assertEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { buildExplorer, type Choice, explore } from "./explorer.ts";
import type { Scenario } from "./scenarios.ts";

/** Of each scenario: one turn each, with a kill and without; walks of several turns and kills; and a call that fails. */
const MOST = 7;
const MOST_FAILURES = 3;
const TURNS = 6;
const ENOSPC = 28, EACCES = 13, EMFILE = 24;

const CHOICES: readonly [string, Choice][] = [
  ["", { most: MOST, seed: 1, kills: 0 }],
  ["-k 1 ", { most: MOST, seed: 1, kills: 1 }],
  [`-w ${TURNS} `, { most: MOST, seed: 1, kills: 0, turns: TURNS }],
  [`-w ${TURNS} -k 2 `, { most: MOST, seed: 2, kills: 2, turns: TURNS }],
  ...[ENOSPC, EACCES, EMFILE].map((failure): [string, Choice] => [
    `-e ${failure} `,
    { most: MOST_FAILURES, seed: failure, kills: 0, failure },
  ]),
];
const WITHOUT_FAILURES = 4;

/** A call is made to fail by its number in the registers of x86-64. */
const CAN_FAIL = Deno.build.arch === "x86_64";

/** @throws {AssertionError} with the schedules in which names or answers are not those of TCP and UDP. */
export async function assertAsOverIp(scenarios: readonly Scenario[]): Promise<void> {
  await withDir(async (dir) => {
    const tool = await buildExplorer(dir);
    const found: string[] = [];
    let schedules = 0;
    for (const scenario of scenarios) {
      for (const [option, choice] of CHOICES.slice(0, CAN_FAIL ? CHOICES.length : WITHOUT_FAILURES)) {
        const explored = await explore(tool, scenario, choice);
        schedules += explored.schedules;
        found.push(...explored.findings.map((finding) => `${option}${scenario.text}: ${finding}`));
      }
    }
    assertEquals(found, []);
    assert(schedules >= WITHOUT_FAILURES * MOST * scenarios.length, `${schedules}`);
  });
}
