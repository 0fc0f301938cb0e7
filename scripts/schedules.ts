/**
 * Runs every schedule of every scenario in `tests/explore/scenarios.ts`. A scenario is two to four processes under the
 * library, which are stopped at each system call; a schedule is an order in which they continue. Runs the schedules in
 * several ways: without a kill, with a kill, and with a call that fails.
 *
 * Usage: `deno task test:schedules [--most N] [--walks N] [--seed S] [WORD]`. WORD chooses the scenarios whose letters
 * contain it. With --most, runs N schedules of each scenario in each way, chosen by the seed S; without --most, all of
 * them, which takes hours. With --walks, instead runs N random walks in all, of up to eight turns, with up to two kills
 * or a call that fails. The last line is `N schedules, M findings, the last L without one`. The exit status is not 0 if
 * there were findings.
 */
import { parseArgs } from "node:util";
import { build } from "./build.ts";
import { showProgress } from "./progress.ts";
import { buildExplorer, type Choice, explore } from "../tests/explore/explorer.ts";
import { SCENARIOS } from "../tests/explore/scenarios.ts";

const WEEK_MS = 7 * 24 * 3600 * 1000;

const TURNS = 8;
const ENOSPC = 28, EACCES = 13, EMFILE = 24;
/** The errors of calls that fail. The explorer writes them to x86-64's registers: on other machines no call fails. */
const FAILURES = Deno.build.arch === "x86_64" ? [ENOSPC, EACCES, EMFILE] : [];

type Way = readonly [option: string, choice: Choice];

/** The ways, with the tool's options: without a kill, with one, and with a call that fails. */
const ONE_TURN_EACH: readonly Way[] = [
  ["", { kills: 0 }],
  ["-k 1 ", { kills: 1 }],
  ...FAILURES.map((failure): Way => [`-e ${failure} `, { kills: 0, failure }]),
];
const WALKS: readonly Way[] = [
  [`-w ${TURNS} `, { kills: 0, turns: TURNS }],
  [`-w ${TURNS} -k 2 `, { kills: 2, turns: TURNS }],
  ...FAILURES.map((failure): Way => [`-w ${TURNS} -e ${failure} `, { kills: 0, turns: TURNS, failure }]),
];

/** @returns The numbers of schedules, of findings, and of schedules after the last finding. */
async function runAll(ways: readonly Way[], most: number | undefined, seed: number, word: string): Promise<number[]> {
  const dir = await Deno.makeTempDir({ prefix: "unsock-" });
  let [schedules, findings, quiet] = [0, 0, 0];
  try {
    const tool = await buildExplorer(dir);
    for (const scenario of SCENARIOS.filter(({ text }) => text.includes(word))) {
      for (const [option, how] of ways) {
        showProgress(`${schedules} schedules, ${findings} findings: ${scenario.text}`);
        const explored = await explore(tool, scenario, { ...how, seed, most, timeoutMs: WEEK_MS });
        schedules += explored.schedules;
        findings += explored.findings.length;
        quiet = explored.findings.length > 0 ? 0 : quiet + explored.schedules;
        const lines = explored.findings.map((finding) => `  ${finding}\n`).join("");
        console.log(`${option}"${scenario.text}": ${explored.schedules} schedules\n${lines}`.trimEnd());
      }
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
  return [schedules, findings, quiet];
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    args: [...Deno.args],
    options: { most: { type: "string" }, walks: { type: "string" }, seed: { type: "string", default: "1" } },
    allowPositionals: true,
  });
  await build([]);
  const word = positionals[0] ?? "", chosen = SCENARIOS.filter(({ text }) => text.includes(word)).length;
  const walks = values.walks === undefined ? undefined : Math.ceil(Number(values.walks) / chosen / WALKS.length);
  const most = walks ?? (values.most === undefined ? undefined : Number(values.most));
  const ways = walks === undefined ? ONE_TURN_EACH : WALKS;
  const [schedules, findings, quiet] = await runAll(ways, most, Number(values.seed), word);
  console.log(`${schedules} schedules, ${findings} findings, the last ${quiet} without one`);
  Deno.exit(findings === 0 ? 0 : 1);
}
