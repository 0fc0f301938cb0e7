/** Reads the resources and sockets of processes from the kernel. */
import { linkTarget, listNames, readText } from "../../lib/system/files.ts";

const TABLES = ["tcp", "tcp6", "udp", "udp6"];

/** Returns the file's text; "" if the process has ended, or this machine has no IPv6. */
const read = (file: string) => readText(file) ?? "";

export interface Sample {
  readonly descriptors: number;
  readonly rssKb: number;
}

/** @returns A process's current resources, or undefined if it has ended. */
export function sample(pid: number): Sample | undefined {
  const rss = read(`/proc/${pid}/status`).match(/^VmRSS:\s+(\d+)/m)?.[1];
  return rss === undefined ? undefined : { descriptors: listNames(`/proc/${pid}/fd`).length, rssKb: Number(rss) };
}

/** @returns All processes with their parents, without zombies. */
function processes(): { pid: number; parent: number }[] {
  return listNames("/proc").map(Number).filter(Number.isInteger).flatMap((pid) => {
    const stat = read(`/proc/${pid}/stat`);
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === undefined || state === "" || state === "Z" ? [] : [{ pid, parent: Number(parent) }];
  });
}

export function childrenOf(parent: number): number[] {
  return processes().filter((process) => process.parent === parent).map(({ pid }) => pid);
}

/** Returns the processes that were started with this setting, `NAME=VALUE`, in their environment. */
export function processesWith(setting: string): number[] {
  return processes().map(({ pid }) => pid).filter((pid) => read(`/proc/${pid}/environ`).split("\0").includes(setting));
}

/** @returns The bound or connected IP sockets of the processes, as lines of the kernel's tables. */
export function ipSockets(pids: readonly number[]): string[] {
  const table = new Map<string, string>();
  for (const name of TABLES) {
    for (const line of read(`/proc/net/${name}`).split("\n").slice(1)) {
      const fields = line.trim().split(/\s+/);
      const inode = fields[9];
      if (inode !== undefined && inode !== "0") table.set(inode, `${name} ${fields[1]} ${fields[2]} ${fields[3]}`);
    }
  }
  return pids.flatMap((pid) =>
    listNames(`/proc/${pid}/fd`).flatMap((fd) => {
      const entry = table.get((linkTarget(`/proc/${pid}/fd/${fd}`) ?? "").match(/^socket:\[(\d+)\]$/)?.[1] ?? "");
      return entry === undefined ? [] : [`process ${pid}: ${entry}`];
    })
  );
}

/** @returns The names of all Unix sockets, abstract ones with "@" in front. */
function unixNames(): string[] {
  return read("/proc/net/unix").split("\n").slice(1).flatMap((line) => {
    const name = line.match(/^\S+: \S+ \S+ \S+ \S+ \S+ +\d+ (.+)$/)?.[1];
    return name === undefined ? [] : [name];
  });
}

/** Returns the abstract names that the library has given to clients of the ports for which `isOurs` is true. */
export function clientNames(isOurs: (port: number) => boolean): string[] {
  return unixNames().filter((name) => {
    const target = name.match(/^@unsock [0-9a-f:]+ [0-9a-f:]*:([0-9a-f]{4})\b/)?.[1];
    return target !== undefined && isOurs(parseInt(target, 16));
  });
}
