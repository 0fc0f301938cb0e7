/**
 * Visits every state of the model of a port's names (`tests/proofs/port.pml`; with `--udp`, `port_udp.pml`), for each
 * choice of the model's processes. A choice has three processes, after which a last process binds; or two servers and a
 * client; or two servers, one kill and one failing call. In the first two kinds of choice, the model kills up to two
 * processes (or N, by `--kills N`). A choice is written as letters, one for each process.
 *
 * Usage: `deno task test:model [--kills N] [--most N] [--udp] [--whole] [WORD]`.
 * With WORD, visits only choices whose letters contain WORD. `--most N` visits only N choices, at equal distances.
 * `--whole` switches partial order reduction off. The last line is `N choices, M states, T transitions, F findings`.
 * The exit status is not 0 if there were findings.
 */
import { parseArgs } from "node:util";
import { showProgress } from "./progress.ts";
import { buildModel, type Choice, explore, type Model } from "../tests/proofs/model.ts";

const DAY_MS = 24 * 3600 * 1000;
const SERVERS: Readonly<Record<Model, readonly string[]>> = { port: [..."ABWDawz"], port_udp: [..."ABWabwPxck"] };
/** Processes beside servers: one sweeps the directory (`s`), the other prunes the port (`p`). */
const MENDERS = [..."sp"];
/** Servers that shut their listener down, which leaves the port reserved. At most one of them is in a choice. */
const RESERVED = [..."rl"];

/** @returns Every choice of two servers. Their order does not matter, so no choice occurs twice. */
function allPairs(model: Model): string[] {
  return SERVERS[model].flatMap((one, i) => SERVERS[model].slice(i).map((other) => one + other));
}

/** @returns Every choice of three processes. */
function allKinds(model: Model): string[] {
  const servers = SERVERS[model], pairs = allPairs(model);
  const three = servers.flatMap((one, i) =>
    pairs.filter(([first = ""]) => servers.indexOf(first) >= i).map((two) => one + two)
  );
  const mended = pairs.flatMap((two) => MENDERS.map((mender) => two + mender));
  const forked = servers.flatMap((one) => servers.map((other) => `${one}f${other}`));
  if (model === "port_udp") return [...three, ...mended, ...forked];
  const beside = [...pairs, ...servers.flatMap((one) => MENDERS.map((mender) => one + mender))];
  return [...three, ...mended, ...forked, ...RESERVED.flatMap((one) => beside.map((two) => one + two))];
}

function allChoices(model: Model, kills: number, word: string): Choice[] {
  const two = allPairs(model).map((kinds) => `${kinds}-`);
  return [
    ...allKinds(model).map((kinds) => ({ kinds, kills })),
    ...two.map((kinds) => ({ kinds, kills, client: true })),
    ...two.map((kinds) => ({ kinds, kills: 1, fails: 1 })),
  ].filter(({ kinds }) => kinds.includes(word));
}

/** @returns `most` of the elements, at equal distances. */
function spread<T>(all: readonly T[], most: number): T[] {
  return all.filter((_, i) => Math.floor((i + 1) * most / all.length) > Math.floor(i * most / all.length));
}

/** @returns The numbers of choices, states, transitions and findings. */
async function visitAll(model: Model, chosen: readonly Choice[], whole: boolean): Promise<number[]> {
  const dir = await Deno.makeTempDir({ prefix: "unsock-" });
  let [choices, all, steps, findings] = [0, 0, 0, 0];
  try {
    showProgress("the model is compiled");
    const pan = await buildModel(dir, model, whole);
    for (const choice of chosen) {
      showProgress(`${choices} choices, ${all} states, ${findings} findings: ${choice.kinds}`);
      const { states, transitions, wrong } = await explore(pan, model, dir, choice, DAY_MS);
      choices++;
      all += states;
      steps += transitions;
      findings += wrong === undefined ? 0 : 1;
      const how = `${choice.client ? " and a client" : ""}${choice.fails ? ", a call fails" : ""}`;
      console.log(`${choice.kinds}${how}: ${states} states${wrong ? `: ${wrong}` : ""}`);
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
  return [choices, all, steps, findings];
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    args: [...Deno.args],
    options: {
      kills: { type: "string", default: "2" },
      most: { type: "string" },
      udp: { type: "boolean", default: false },
      whole: { type: "boolean", default: false },
    },
    allowPositionals: true,
  });
  const model = values.udp ? "port_udp" : "port";
  const all = allChoices(model, Number(values.kills), positionals[0] ?? "");
  const most = values.most === undefined ? all.length : Math.min(Number(values.most), all.length);
  const [choices, states, transitions, findings] = await visitAll(model, spread(all, most), values.whole);
  console.log(`${choices} choices, ${states} states, ${transitions} transitions, ${findings} findings`);
  Deno.exit(findings === 0 ? 0 : 1);
}
