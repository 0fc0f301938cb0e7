/** Reads from /proc/net which sockets of this network namespace listen on real TCP and UDP. */
import { readText } from "./files.ts";

/** A listening TCP socket, or an unconnected UDP socket, of the real network. */
export interface IpListener {
  readonly port: number;
  readonly kind: "stream" | "datagram";
  readonly inode: number;
  /** TCP: the connections that wait for `accept`. UDP: the bytes of memory that waiting datagrams take. */
  readonly queued: number;
}

/** The tables in /proc/net, each with the kind of its sockets, and the state of a listening or unconnected socket. */
const TABLES = [["tcp", "stream", "0A"], ["tcp6", "stream", "0A"], ["udp", "datagram", "07"], [
  "udp6",
  "datagram",
  "07",
]] as const;

/** @returns The listeners of one port; of all ports if `port` is undefined. */
export function listIpListeners(port?: number): IpListener[] {
  const number = port === undefined ? "[0-9A-F]{4}" : port.toString(16).toUpperCase().padStart(4, "0");
  return TABLES.flatMap(([table, kind, listening]) => {
    const text = readText(`/proc/net/${table}`) ?? "";
    // The columns: sl local remote st tx:rx tr:when retrnsmt uid timeout inode. Searches the whole text by one pattern,
    // which skips thousands of other lines quickly.
    const line = new RegExp(
      `^ *\\d+: [0-9A-F]+:(${number}) [0-9A-F]+:[0-9A-F]{4} ${listening} [0-9A-F]+:([0-9A-F]+) \\S+ \\S+ +\\d+ +\\d+ (\\d+)`,
      "gm",
    );
    return Array.from(text.matchAll(line), ([, local = "", queue = "", inode]) => {
      return { port: parseInt(local, 16), kind, inode: Number(inode), queued: parseInt(queue, 16) };
    });
  });
}
