/**
 * Runs mixed load for minutes or hours: servers that stay, servers that start, end and are killed, and faults. Counts
 * all resources at the end. Prints a summary, and exits with 1 if a request was lost or a resource leaked.
 *
 * Usage: `deno task soak [--minutes N]`. Needs Python 3.
 */
import * as path from "@std/path/posix";
import { parseArgs } from "node:util";
import { build } from "./build.ts";
import { endProgress, showProgress } from "./progress.ts";
import { Accounts } from "./soak/accounts.ts";
import { closeAccounts, endAll } from "./soak/closing.ts";
import { Family, type Member } from "./soak/family.ts";
import { clientNames } from "./soak/kernel.ts";
import { Ledger } from "./soak/ledger.ts";
import { hasRedis, Ports, startClients, startServers, type SteadyServer } from "./soak/load.ts";
import { askRedis } from "./soak/redis_member.ts";
import { Stop } from "./soak/stop.ts";
import { formatSummary } from "./soak/summary.ts";

const MINUTES = 3;
const START_MS = 30_000;
const WARM_S = 20;
const CHECK_S = 60;
const SIGNALS: readonly Deno.Signal[] = ["SIGINT", "SIGTERM", "SIGHUP"];

function readMinutes(args: readonly string[]): number {
  const { values } = parseArgs({ args: [...args], options: { minutes: { type: "string", default: `${MINUTES}` } } });
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new Error(`--minutes: not a number above 0: "${values.minutes}"`);
  return minutes;
}

async function waitForServers(servers: readonly SteadyServer[], listening: ReadonlySet<number>, family: Family) {
  const deadline = performance.now() + START_MS;
  const isThere = ({ member, file }: SteadyServer) =>
    listening.has(member.pid) ||
    (member.name.startsWith("redis") && [...Deno.readDirSync(family.sockets)].some(({ name }) => name === file));
  while (!servers.every(isThere)) {
    const ended = servers.find(({ member }) => member.ended !== undefined);
    if (ended) throw new Error(`${ended.member.name}: it ended: ${ended.member.errors}`);
    if (performance.now() > deadline) throw new Error("the servers do not start");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  // Interpreters still open and close files for a moment after they listen.
  await new Promise((resolve) => setTimeout(resolve, 500));
}

function showLoad(ledger: Ledger, seconds: number, ports: Ports): void {
  const names = clientNames((port) => ports.isOurs(port)).length;
  const counts = `${ledger.total("done")} done, ${ledger.total("lost")} lost, ${ledger.findingCount} findings`;
  showProgress(`${ledger.seconds.toFixed(0)} of ${seconds} s: ${counts}, ${names} connections`);
}

/** Watches the load each second until the time is over. */
async function watch(accounts: Accounts, clients: readonly Member[], seconds: number, stop: Stop): Promise<void> {
  const { ledger, ports } = accounts;
  const start = ledger.seconds;
  const told = new Set<Member>();
  for (let second = 1; !stop.isSet && ledger.seconds - start < seconds; second++) {
    await stop.pause(Math.max(0, (start + second - ledger.seconds) * 1000));
    showLoad(ledger, seconds, ports);
    if (second === WARM_S) accounts.warmUp();
    if (second % CHECK_S === 0) await accounts.check();
    for (const client of clients.filter((client) => client.ended !== undefined && !told.has(client))) {
      told.add(client);
      ledger.find(`${client.name}: it ended by itself: ${client.errors.trim()}`);
    }
  }
  if (!stop.isSet) await accounts.check();
}

async function run(home: string, seconds: number, stop: Stop, ended: { family?: Family }): Promise<boolean> {
  const [ledger, ports, listening] = [new Ledger(), new Ports(), new Set<number>()];
  const family = new Family(home, (line, member) => {
    if (line.startsWith("{")) ledger.add(line);
    if (line.startsWith('{"listening"')) listening.add(member.pid);
  });
  ended.family = family;
  const servers = startServers(family, ports, home);
  await waitForServers(servers, listening, family);
  const accounts = new Accounts(family, ledger, ports, servers);
  const clients = startClients(family, ports);
  const redis = hasRedis() ? askRedis(family, ledger, ports.redis, stop) : Promise.resolve();
  await watch(accounts, clients, seconds, stop);
  const interrupted = stop.isSet;
  stop.set();
  if (!interrupted) {
    await redis;
    await endAll(clients, ledger);
    await accounts.checkIdle();
    await closeAccounts(accounts, servers.map(({ member }) => member));
  }
  endProgress();
  const inOrder = !interrupted && ledger.findingCount === 0 && ledger.total("lost") === 0;
  const skipped = hasRedis() ? [] : ["redis: not installed"];
  console.log(formatSummary(accounts, { inOrder, interrupted, skipped }));
  return inOrder;
}

async function soak(minutes: number): Promise<boolean> {
  await build([]);
  const stop = new Stop();
  const listener = () => stop.set();
  for (const name of SIGNALS) Deno.addSignalListener(name, listener);
  const home = await Deno.makeTempDir({ dir: "/tmp", prefix: "soak" });
  const ended: { family?: Family } = {};
  try {
    return await run(path.resolve(home), minutes * 60, stop, ended);
  } finally {
    ended.family?.kill();
    await Deno.remove(home, { recursive: true });
    for (const name of SIGNALS) Deno.removeSignalListener(name, listener);
  }
}

if (import.meta.main) {
  try {
    Deno.exit(await soak(readMinutes(Deno.args)) ? 0 : 1);
  } catch (error) {
    console.error(`soak: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
