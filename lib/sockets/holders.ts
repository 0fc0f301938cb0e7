/** Finds the processes that hold sockets open, in /proc, as far as this user's rights allow. */
import { linkTarget, listNames, readText } from "../system/files.ts";
import { processName, processStart } from "../system/process_name.ts";

/** A process that holds a socket open. */
export interface SocketHolder {
  readonly pid: number;
  /** The process's name as its user knows it: `node server.js`. */
  readonly name: string;
  /** The effective user, or undefined if not known. */
  readonly uid: number | undefined;
  readonly started: Date | undefined;
}

/** The processes that hold each socket. Reads /proc once, at the first call of `of`. */
export class Holders {
  #byInode: Map<number, number[]> | undefined;
  readonly #known = new Map<number, SocketHolder | undefined>();

  of(inode: number): readonly SocketHolder[] {
    this.#byInode ??= this.#read();
    return (this.#byInode.get(inode) ?? []).flatMap((pid) => {
      if (!this.#known.has(pid)) this.#known.set(pid, describe(pid));
      return this.#known.get(pid) ?? [];
    });
  }

  #read(): Map<number, number[]> {
    const byInode = new Map<number, number[]>();
    for (const pid of listNames("/proc").filter((name) => /^\d+$/.test(name))) {
      for (const inode of this.#socketsOf(pid)) {
        const there = byInode.get(inode);
        if (there === undefined) byInode.set(inode, [Number(pid)]);
        else there.push(Number(pid));
      }
    }
    return byInode;
  }

  /** Returns the inodes of a process's sockets; none if this user may not read them. */
  #socketsOf(pid: string): Set<number> {
    const inodes = new Set<number>();
    for (const fd of listNames(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(linkTarget(`/proc/${pid}/fd/${fd}`) ?? "")?.[1];
      if (inode !== undefined) inodes.add(Number(inode));
    }
    return inodes;
  }
}

function describe(pid: number): SocketHolder | undefined {
  const name = processName(pid);
  const uid = /^Uid:\t\d+\t(\d+)/m.exec(readText(`/proc/${pid}/status`) ?? "")?.[1];
  return name === undefined
    ? undefined
    : { pid, name, uid: uid === undefined ? undefined : Number(uid), started: processStart(pid) };
}
