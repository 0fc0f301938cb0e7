/** Some of the schedules of scenarios, chosen by a seed. */
import { assert, assertEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { buildExplorer, type Choice, explore } from "./explorer.ts";
import type { Scenario } from "./scenarios.ts";

/** Of each scenario, with a kill and without, and with a call that fails. */
const MOST = 20;
const MOST_FAILURES = 5;
const ENOSPC = 28, EACCES = 13;

const CHOICES: readonly [string, Choice][] = [
  ["", { most: MOST, seed: 1, kill: false }],
  ["-k ", { most: MOST, seed: 1, kill: true }],
  ...[ENOSPC, EACCES].map((failure): [string, Choice] => [
    `-e ${failure} `,
    { most: MOST_FAILURES, seed: failure, kill: false, failure },
  ]),
];

/** A call is made to fail by its number in the registers of x86-64. */
const CAN_FAIL = Deno.build.arch === "x86_64";

/** @throws {AssertionError} with the schedules in which names or answers are not those of TCP and UDP. */
export async function assertAsOverIp(scenarios: readonly Scenario[]): Promise<void> {
  await withDir(async (dir) => {
    const tool = await buildExplorer(dir);
    const found: string[] = [];
    let schedules = 0;
    for (const scenario of scenarios) {
      for (const [option, choice] of CHOICES.slice(0, CAN_FAIL ? 4 : 2)) {
        const explored = await explore(tool, scenario, choice);
        schedules += explored.schedules;
        found.push(...explored.findings.map((finding) => `${option}${scenario.text}: ${finding}`));
      }
    }
    assertEquals(found, []);
    assert(schedules > MOST * scenarios.length, `${schedules}`);
  });
}
