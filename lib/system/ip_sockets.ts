/** Reads the sockets that listen on real TCP and UDP in this network namespace from /proc/net. */
import { readText } from "./files.ts";

/** A listening TCP socket, or an unconnected UDP socket, of the real network. */
export interface IpListener {
  readonly port: number;
  readonly kind: "stream" | "datagram";
  readonly inode: number;
  /** Connections that wait for `accept`. */
  readonly queued: number;
}

/** The tables, and the state in each of a listener or of an unconnected UDP socket. */
const TABLES = [["tcp", "stream", "0A"], ["tcp6", "stream", "0A"], ["udp", "datagram", "07"], [
  "udp6",
  "datagram",
  "07",
]] as const;

/** @returns The listeners of one port, or of all if it is undefined. */
export function listIpListeners(port?: number): IpListener[] {
  return TABLES.flatMap(([table, kind, listening]) => {
    const text = readText(`/proc/net/${table}`) ?? "";
    // sl local remote st tx:rx tr:when retrnsmt uid timeout inode
    const line =
      /^ *\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{2}) [0-9A-F]+:([0-9A-F]+) \S+ \S+ +\d+ +\d+ (\d+)/gm;
    return Array.from(
      text.matchAll(line),
      ([, local = "", state, queue = "", inode]) => ({ local, state, queue, inode }),
    )
      .filter(({ state }) => state === listening)
      .map(({ local, queue, inode }) => {
        return { port: parseInt(local, 16), kind, inode: Number(inode), queued: parseInt(queue, 16) };
      })
      .filter((listener) => port === undefined || listener.port === port);
  });
}
