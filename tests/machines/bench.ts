/** Measures connections and bytes a second between two machines, with unsock and without: `deno task bench:machines`. */
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { type Proc, run, start } from "../support/process.ts";
import { libraryFile } from "../support/library.ts";
import { until } from "../support/wait.ts";
import { makeImage } from "../vm/image.ts";
import { fetchKernel } from "../vm/kernel.ts";
import { bootNode, compileHost, startHub, startMultiplexer, udsPath } from "./cluster.ts";
import { Host } from "./host.ts";

const HERE = dirname(fromFileUrl(import.meta.url));
const CACHE = join(HERE, "..", "..", "build", "vm");
const PORT = 1500;
/** Many short ones: other load takes some of them whole, and leaves others alone. */
const ROUNDS = 30;
const CONNECTIONS = 20;
const MEGABYTES = 3;
const TIMEOUT_MS = 240_000;

/** Numbers a second: without unsock, with it, and of connections without it but with the call that it makes for each. */
type Rates = readonly number[];

function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
}

function line(name: string, rounds: Rates[]): string {
  const best = (side: number) => Math.max(...rounds.map((rates) => rates[side] ?? NaN));
  const ratio = (side: number) => (best(side) / best(0)).toFixed(2);
  const ratios = rounds.map(([one = NaN, other = NaN]) => other / one);
  const asked = rounds[0]?.length === 3 ? ratio(2) : "–";
  const numbers = [best(0), best(1)].map((number) => number.toFixed(0));
  return `| ${[name, ...numbers, ratio(1), median(ratios).toFixed(2), asked].join(" | ")} |`;
}

async function rate(command: string[], env: Record<string, string> = {}): Promise<number> {
  const { code, stdout, stderr } = await run(command, { env, timeoutMs: TIMEOUT_MS });
  if (code !== 0) throw new Error(`${command.join(" ")}: exit status ${code}\n${stderr}`);
  return Number(stdout);
}

/** The numbers that the guest has printed, by what it calls them. */
function guestRates(machine: Proc): Map<string, Rates[]> {
  const found = new Map<string, Rates[]>();
  for (const [, name = "", numbers = ""] of machine.output().matchAll(/^rate ([^:]+): ([\d. ]+?) *\r?$/gm)) {
    found.set(name, [...found.get(name) ?? [], numbers.split(" ").map(Number)]);
  }
  return found;
}

async function hostRates(dir: string, host: Host): Promise<Map<string, Rates[]>> {
  await host.lead("to-guest", PORT, "--fc-sock", udsPath(dir, 1), "--vsock-port", "5301");
  const native = `fc:${udsPath(dir, 1)}:5300`;
  const found = new Map<string, Rates[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [kind, number] of [["connects", CONNECTIONS], ["bytes", MEGABYTES]] as const) {
      const command = [join(dir, "rates"), kind, `${number}`];
      const rates = [
        await rate([...command, native]),
        await rate([...command, `tcp:127.0.0.1:${PORT}`], host.environment("to-guest")),
        ...kind === "connects" ? [await rate([...command, native, join(dir, "to-guest", `${PORT}.sock`)])] : [],
      ];
      found.set(`host ${kind}`, [...found.get(`host ${kind}`) ?? [], rates]);
    }
  }
  return found;
}

await withDir(async (dir) => {
  const kernel = await fetchKernel(CACHE);
  const bench = (name: string) => join(HERE, "bench", name);
  const image = await makeImage(kernel, dir, {
    modules: ["failover", "net_failover", "virtio_net", "vmw_vsock_virtio_transport"],
    checks: join(HERE, "guest", "story"),
    scripts: [bench("node1"), bench("node2")],
    programs: ["tipc"],
    compiled: { rates: [bench("rates.c")] },
  });
  const programs = await compileHost(dir);
  const host = new Host(dir);
  await host.lead("from-guest", PORT, "--fc-listen", udsPath(dir, 2), "--vsock-port", "6301");
  await using _hub = await startHub(programs, dir, 2);
  await using _of1 = await startMultiplexer(programs, dir, 1);
  await using _of2 = await startMultiplexer(programs, dir, 2);
  await using _plain = start([join(dir, "rates"), "serve", `unix:${udsPath(dir, 2)}_6300`]);
  await using _redirected = start([join(dir, "rates"), "serve", `tcp:127.0.0.1:${PORT}`], {
    env: host.environment("from-guest"),
  });
  await using _first = bootNode(kernel, image, dir, 1);
  await using second = bootNode(kernel, image, dir, 2);
  await until("the guests are ready", () => /^ready/m.test(second.output()), TIMEOUT_MS);
  await second.result(TIMEOUT_MS);
  const found = new Map([...guestRates(second), ...await hostRates(dir, host)]);
  console.log(`${libraryFile()}, ${ROUNDS} rounds in turn: the best of each, and the median of the rounds' ratios`);
  console.log("| what | without | with unsock | ratio | median | one call alone |");
  console.log("| --- | --- | --- | --- | --- | --- |");
  for (const [name, rounds] of found) console.log(line(name, rounds));
});
