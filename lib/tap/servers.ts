/** Finds the processes of a port's server, and the names of sockets, such as the server's and its clients'. */
import type { Library } from "../library/query.ts";
import type { AddressedPort } from "../run/ports.ts";
import { Holders, type SocketHolder } from "../sockets/holders.ts";
import { SOCKETS_QUESTION, type UnixSocketEntry } from "../sockets/unix_sockets.ts";
import { isSameFile, readText } from "../system/files.ts";
import type { Port } from "./traffic.ts";
import { Traffic } from "./traffic.ts";

/** If a name is not in the list of sockets, the list is read again, but at most once in this time. */
const ASK_AGAIN_MS = 200;
const THREADS_MOST = 10_000;

/** Answers the questions of `Traffic` about a port, from /proc and the library's list of sockets. */
export class Servers implements Port {
  readonly port: AddressedPort;
  readonly #directory: string;
  readonly #library: Library;
  readonly #directories = new Map<string, boolean>();
  readonly #processes = new Map<number, number>();
  #sockets: readonly UnixSocketEntry[] = [];
  #asked = 0;

  constructor(port: AddressedPort, directory: string, library: Library) {
    this.port = port;
    this.#directory = directory;
    this.#library = library;
  }

  /** Returns the processes that hold a socket of the port, or undefined if the port has no socket. */
  find(): readonly SocketHolder[] | undefined {
    this.#ask();
    const traffic = new Traffic(this, () => {});
    const sockets = this.#sockets.filter(({ path }) => traffic.isOfPort(path));
    if (sockets.length === 0) return undefined;
    const holders = new Holders();
    const all = sockets.flatMap(({ inode }) => holders.of(inode));
    return [...new Map(all.map((holder) => [holder.pid, holder])).values()];
  }

  #ask(): void {
    this.#sockets = this.#library.ask(SOCKETS_QUESTION);
    this.#asked = Date.now();
  }

  isDirectory = (path: string): boolean => {
    const known = this.#directories.get(path);
    if (known !== undefined) return known;
    const found = path.startsWith("/") && isSameFile(path, this.#directory);
    if (this.#directories.size < THREADS_MOST) this.#directories.set(path, found);
    return found;
  };

  nameOf = (inode: number): string | undefined => {
    const look = () => this.#sockets.find((socket) => socket.inode === inode)?.path;
    const found = look();
    if (found !== undefined || Date.now() - this.#asked < ASK_AGAIN_MS) return found;
    this.#ask();
    return look();
  };

  processOf = (thread: number): number => {
    const known = this.#processes.get(thread);
    if (known !== undefined) return known;
    const process = Number(/^Tgid:\t(\d+)$/m.exec(readText(`/proc/${thread}/status`) ?? "")?.[1] ?? thread);
    if (this.#processes.size >= THREADS_MOST) this.#processes.clear();
    this.#processes.set(thread, process);
    return process;
  };
}

/** @returns The pid of the tracer of process `pid`, or 0 if no process traces it. */
export function tracerOf(pid: number): number {
  return Number(/^TracerPid:\t(\d+)$/m.exec(readText(`/proc/${pid}/status`) ?? "")?.[1] ?? 0);
}
