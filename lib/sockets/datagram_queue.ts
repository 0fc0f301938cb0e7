/** Datagrams that a receiver's queue holds: each new `AF_UNIX` socket gets this network namespace's limit. */
import { readText } from "../system/files.ts";

/** systemd sets it at boot; a network namespace of its own, as a container's, begins with 10. */
const ENOUGH = 512;

/** The command for root. Existing sockets keep their limit. */
export const LENGTHEN_QUEUE = `sysctl net.unix.max_dgram_qlen=${ENOUGH}`;

/** @returns How many datagrams fit into a receiver's queue; undefined: as many as UDP holds, or that is not to be read. */
export function shortDatagramQueue(): number | undefined {
  const text = readText("/proc/sys/net/unix/max_dgram_qlen");
  const length = Number(text);
  return text === undefined || !(length < ENOUGH) ? undefined : length + 1;
}
