/** Runs redis-benchmark again and again. */
import type { Family } from "./family.ts";
import type { Ledger } from "./ledger.ts";
import type { Stop } from "./stop.ts";

const KIND = "redis";
const REQUESTS = 1500;
const CLIENTS = 20;
const PAUSE_MS = 1000;
const SLOW_MS = 60_000;

export async function askRedis(family: Family, ledger: Ledger, port: number, stop: Stop): Promise<void> {
  while (!await stop.pause(PAUSE_MS)) {
    const words = [
      "redis-benchmark",
      "-p",
      `${port}`,
      "-n",
      `${REQUESTS}`,
      "-c",
      `${CLIENTS}`,
      "-t",
      "set,get",
      "--csv",
    ];
    const run = family.start("redis-benchmark", words);
    const timer = setTimeout(() => Deno.kill(run.pid, "SIGKILL"), SLOW_MS);
    const status = await run.status;
    clearTimeout(timer);
    const row = ledger.row(KIND);
    if (status.success && !run.errors.includes("rror")) {
      row.done += 2 * REQUESTS;
    } else {
      row.lost++;
      ledger.find(`redis-benchmark: ${status.signal ?? status.code}: ${run.errors.trim()}`);
    }
  }
}
