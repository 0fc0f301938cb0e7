/**
 * Visits every state of the model of a port's names (`tests/proofs/port.pml`), for every choice of three processes'
 * actions: with two kills and a last bind, and with a client.
 *
 * Usage: `deno task test:model [--kills N] [--most N] [WORD]`: only choices whose letters contain the word, and N of
 * them, spread over all (all of them take ten minutes). The last line is `N choices, M states, F findings`. The exit
 * status is not 0 if there were findings.
 */
import { parseArgs } from "node:util";
import { showProgress } from "./progress.ts";
import { buildModel, type Choice, explore } from "../tests/proofs/model.ts";

const DAY_MS = 24 * 3600 * 1000;
const SERVERS = [..."ABWDaw"];
/** Of a port of two servers with a client, and of three alone. */
const MENDERS = [..."sp"];

/** @returns Every choice of three, none twice: the order of servers does not matter. */
function allKinds(): string[] {
  const pairs = SERVERS.flatMap((one, i) => SERVERS.slice(i).map((other) => one + other));
  const three = SERVERS.flatMap((one, i) =>
    pairs.filter(([first = ""]) => SERVERS.indexOf(first) >= i).map((two) => one + two)
  );
  const mended = pairs.flatMap((two) => MENDERS.map((mender) => two + mender));
  const forked = SERVERS.flatMap((one) => SERVERS.map((other) => `${one}f${other}`));
  const reserved = [...pairs, ...SERVERS.flatMap((one) => MENDERS.map((mender) => one + mender))].map((two) =>
    `r${two}`
  );
  return [...three, ...mended, ...forked, ...reserved];
}

function allChoices(kills: number, word: string): Choice[] {
  const pairs = allKinds().filter((kinds) => kinds.endsWith("s")).map((kinds) => `${kinds.slice(0, 2)}-`);
  return [
    ...allKinds().map((kinds) => ({ kinds, kills })),
    ...pairs.map((kinds) => ({ kinds, kills, client: true })),
  ].filter(({ kinds }) => kinds.includes(word));
}

/** @returns So many of those, at equal distances. */
function spread<T>(all: readonly T[], most: number): T[] {
  return all.filter((_, i) => Math.floor((i + 1) * most / all.length) > Math.floor(i * most / all.length));
}

/** @returns How many choices, states and findings there were. */
async function visitAll(chosen: readonly Choice[]): Promise<[number, number, number]> {
  const dir = await Deno.makeTempDir({ prefix: "unsock-" });
  let [choices, all, findings] = [0, 0, 0];
  try {
    showProgress("the model is compiled");
    const pan = await buildModel(dir);
    for (const choice of chosen) {
      showProgress(`${choices} choices, ${all} states, ${findings} findings: ${choice.kinds}`);
      const { states, wrong } = await explore(pan, dir, choice, DAY_MS);
      choices++;
      all += states;
      findings += wrong === undefined ? 0 : 1;
      console.log(
        `${choice.kinds}${choice.client ? " and a client" : ""}: ${states} states${wrong ? `: ${wrong}` : ""}`,
      );
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
  return [choices, all, findings];
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    args: [...Deno.args],
    options: { kills: { type: "string", default: "2" }, most: { type: "string" } },
    allowPositionals: true,
  });
  const all = allChoices(Number(values.kills), positionals[0] ?? "");
  const most = values.most === undefined ? all.length : Math.min(Number(values.most), all.length);
  const [choices, states, findings] = await visitAll(spread(all, most));
  console.log(`${choices} choices, ${states} states, ${findings} findings`);
  Deno.exit(findings > 0 ? 1 : 0);
}
