/** Watches a front while it is flooded: an honest client's answers, and memory. */
import { assert, assertMatch } from "@std/assert";
import { type Proc, start } from "../support/process.ts";
import { until } from "../support/wait.ts";
import { honestClient } from "./floods.ts";

/**
 * Runs a flood while an honest client asks again and again. Returns the flood's result.
 *
 * @param address Where the honest client asks for main.localhost: a port, or `tls:` and a port.
 */
export async function beside<T>(address: string, { pid }: Proc, flood: () => Promise<T>): Promise<T> {
  const before = memoryOf(pid);
  let most = 0;
  await using honest = start(honestClient(address));
  const answers = () => Number(/.*answered=(\d+)/s.exec(honest.output())?.[1] ?? 0);
  await until("the honest client is answered", answers);
  const watch = setInterval(() => most = Math.max(most, memoryOf(pid)), 20);
  const result = await flood().finally(() => clearInterval(watch));
  const after = answers() + 2;
  await until("it is answered afterwards", () => answers() >= after || honest.output().includes("Error"), 60_000);
  const report = `${honest.output().trim().split("\n").at(-1)} ms, memory ${before} to ${most} MB`;
  if (Deno.env.get("FLOOD_REPORT") === "1") console.log(report);
  assertMatch(report, /^answered=/);
  assert(most - before < GROWTH_MOST_MB, report);
  return result;
}

/** More than any flood costs, and far less than an unbounded one. */
export const GROWTH_MOST_MB = 200;

/** Returns a process's memory in MB. */
export function memoryOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1]) >> 10;
}
