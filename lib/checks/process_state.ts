/** Reads from /proc whether a process runs. */
import { listNames, readText } from "../system/files.ts";

export interface ProcessState {
  /** Whether a signal or a debugger has stopped the process. */
  readonly stopped: boolean;
  /** For how many seconds no thread of the process has run, or undefined if the kernel does not tell. */
  readonly idleSeconds: number | undefined;
}

/** @returns The state. For a process that has ended, `stopped` is false and `idleSeconds` is undefined. */
export function stateOfProcess(pid: number): ProcessState {
  // The process's name, in brackets, may contain brackets and blanks.
  const [, state = ""] = /^.*\) (.)/s.exec(readText(`/proc/${pid}/stat`) ?? "") ?? [];
  return { stopped: state === "T" || state === "t", idleSeconds: idleSeconds(pid) };
}

/**
 * Returns for how many seconds no thread of a process has run, or undefined if this is not known. The kernel takes the
 * times from processors' own clocks. So "now" is the time at which this process last ran, by the same clocks.
 */
function idleSeconds(pid: number): number | undefined {
  const now = lastRun("/proc/self");
  const times = listNames(`/proc/${pid}/task`).map((thread) => lastRun(`/proc/${pid}/task/${thread}`));
  if (now === undefined || times.length === 0 || times.includes(undefined)) return undefined;
  return Math.max(0, Math.floor((now - Math.max(...times.map((time) => time ?? now))) / 1000));
}

/** Returns when a process or thread last ran, in milliseconds of its processor's clock, or undefined if unknown. */
function lastRun(directory: string): number | undefined {
  const [, time] = /^se\.exec_start +: +([\d.]+)$/m.exec(readText(`${directory}/sched`) ?? "") ?? [];
  return time === undefined ? undefined : Number(time);
}
