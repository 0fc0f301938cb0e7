/** Finds the processes that hold sockets open, in /proc, as far as this user's rights allow. */
import { linkTarget, listNames, readText } from "../system/files.ts";

/** A process that holds a socket open. */
export interface SocketHolder {
  readonly pid: number;
  readonly name: string;
  /** Effective user; undefined: not known. */
  readonly uid: number | undefined;
}

/** The processes that hold each socket; read once, at the first call. */
export class Holders {
  #byInode: Map<number, SocketHolder[]> | undefined;

  of(inode: number): readonly SocketHolder[] {
    this.#byInode ??= this.#read();
    return this.#byInode.get(inode) ?? [];
  }

  #read(): Map<number, SocketHolder[]> {
    const byInode = new Map<number, SocketHolder[]>();
    for (const pid of listNames("/proc").filter((name) => /^\d+$/.test(name))) {
      const inodes = this.#socketsOf(pid);
      if (inodes.size === 0) continue;
      const status = readText(`/proc/${pid}/status`) ?? "";
      const [, name = ""] = /^Name:\t(.*)$/m.exec(status) ?? [];
      const [, uid] = /^Uid:\t\d+\t(\d+)/m.exec(status) ?? [];
      const holder = { pid: Number(pid), name, uid: uid === undefined ? undefined : Number(uid) };
      for (const inode of inodes) byInode.set(inode, [...byInode.get(inode) ?? [], holder]);
    }
    return byInode;
  }

  /** Returns the inodes of a process's sockets; none for another user's process. */
  #socketsOf(pid: string): Set<number> {
    const inodes = new Set<number>();
    for (const fd of listNames(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(linkTarget(`/proc/${pid}/fd/${fd}`) ?? "")?.[1];
      if (inode !== undefined) inodes.add(Number(inode));
    }
    return inodes;
  }
}
