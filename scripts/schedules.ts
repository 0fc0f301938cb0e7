/**
 * Runs every schedule of every scenario in `tests/explore/scenarios.ts`: two or three processes under the library,
 * stopped at each system call.
 *
 * Usage: `deno task test:schedules [--most N] [--seed S] [WORD]`: N schedules of each scenario whose letters contain the
 * word, chosen by S: with a kill, with a call that fails, and with neither. Without --most it takes hours. The last line
 * is `N schedules, M findings`. The exit status is not 0 if there were findings.
 */
import { parseArgs } from "node:util";
import { build } from "./build.ts";
import { showProgress } from "./progress.ts";
import { buildExplorer, type Choice, explore } from "../tests/explore/explorer.ts";
import { SCENARIOS } from "../tests/explore/scenarios.ts";

const WEEK_MS = 7 * 24 * 3600 * 1000;

/** By the tool's options: without a kill, with one, and with a call that fails, which is done by x86-64's registers. */
const WAYS: readonly [string, Choice][] = [
  ["", { kill: false }],
  ["-k ", { kill: true }],
  ...(Deno.build.arch === "x86_64" ? [28, 13] : []).map((failure): [string, Choice] => [
    `-e ${failure} `,
    { kill: false, failure },
  ]),
];

/** @returns How many schedules were run, and how many findings they came to. */
async function runAll(most: number | undefined, seed: number, word: string): Promise<[number, number]> {
  const dir = await Deno.makeTempDir({ prefix: "unsock-" });
  let [schedules, findings] = [0, 0];
  try {
    const tool = await buildExplorer(dir);
    for (const scenario of SCENARIOS.filter(({ text }) => text.includes(word))) {
      for (const [option, how] of WAYS) {
        showProgress(`${schedules} schedules, ${findings} findings: ${scenario.text}`);
        const explored = await explore(tool, scenario, { ...how, seed, most, timeoutMs: WEEK_MS });
        schedules += explored.schedules;
        findings += explored.findings.length;
        const lines = explored.findings.map((finding) => `  ${finding}\n`).join("");
        console.log(`${option}"${scenario.text}": ${explored.schedules} schedules\n${lines}`.trimEnd());
      }
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
  return [schedules, findings];
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    args: [...Deno.args],
    options: { most: { type: "string" }, seed: { type: "string", default: "1" } },
    allowPositionals: true,
  });
  await build([]);
  const most = values.most === undefined ? undefined : Number(values.most);
  const [schedules, findings] = await runAll(most, Number(values.seed), positionals[0] ?? "");
  console.log(`${schedules} schedules, ${findings} findings`);
  Deno.exit(findings > 0 ? 1 : 0);
}
