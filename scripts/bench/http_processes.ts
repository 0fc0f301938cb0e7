/** Processor time and memory of a front's processes. */
import { TICKS_PER_SECOND } from "./front_rounds.ts";

/** @returns The ids of a process and of all its descendants. A process that has ended is left out. */
export function family(pid: number): number[] {
  try {
    const children = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim().split(" ").filter(Boolean);
    return [pid, ...children.flatMap((child) => family(Number(child)))];
  } catch {
    return []; // it has ended
  }
}

/** @returns The processor time of the processes, in milliseconds. */
export function processorMs(pids: readonly number[]): number {
  const ticks = pids.map((pid) => {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    const [user, system] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 13);
    return Number(user) + Number(system);
  });
  return ticks.reduce((sum, one) => sum + one, 0) * 1000 / TICKS_PER_SECOND;
}

/** @returns The resident memory of the processes, in megabytes. */
export function megabytes(pids: readonly number[]): number {
  const sizes = pids.map((pid) => {
    const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`)) ?? [];
    return Number(kilobytes) / 1024;
  });
  return sizes.reduce((sum, one) => sum + one, 0);
}
