/** Finds whether a process runs, in /proc. */
import { listNames, readText } from "../system/files.ts";

/** What a process does. */
export interface ProcessState {
  /** Whether a signal or a debugger has stopped it. */
  readonly stopped: boolean;
  /** For how many seconds none of its threads has run; undefined: the kernel does not say. */
  readonly idleSeconds: number | undefined;
}

/** @returns The state; a process that has ended is neither stopped nor idle. */
export function stateOfProcess(pid: number): ProcessState {
  // The name, in brackets, may have brackets and blanks.
  const [, state = ""] = /^.*\) (.)/s.exec(readText(`/proc/${pid}/stat`) ?? "") ?? [];
  return { stopped: state === "T" || state === "t", idleSeconds: idleSeconds(pid) };
}

/** The clock at which a thread last ran is that of its processor; this process's own is the nearest to it. */
function idleSeconds(pid: number): number | undefined {
  const now = lastRun("/proc/self");
  const times = listNames(`/proc/${pid}/task`).map((thread) => lastRun(`/proc/${pid}/task/${thread}`));
  if (now === undefined || times.length === 0 || times.includes(undefined)) return undefined;
  return Math.max(0, Math.floor((now - Math.max(...times.map((time) => time ?? now))) / 1000));
}

/** Returns milliseconds since the machine's start. */
function lastRun(directory: string): number | undefined {
  const [, time] = /^se\.exec_start +: +([\d.]+)$/m.exec(readText(`${directory}/sched`) ?? "") ?? [];
  return time === undefined ? undefined : Number(time);
}
