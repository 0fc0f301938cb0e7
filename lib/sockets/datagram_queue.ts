/** Checks the length of datagram queues. A new `AF_UNIX` socket gets the limit of its network namespace. */
import { readText } from "../system/files.ts";

/** The limit that systemd sets at boot. A new network namespace, such as a container's, has 10. */
const ENOUGH = 512;

/** The command by which root lengthens the queues. Existing sockets keep their limit. */
export const LENGTHEN_QUEUE = `sysctl net.unix.max_dgram_qlen=${ENOUGH}`;

/** @returns How many datagrams a queue holds, or undefined if the limit is at least `ENOUGH`, or not known. */
export function shortDatagramQueue(): number | undefined {
  const text = readText("/proc/sys/net/unix/max_dgram_qlen");
  const length = Number(text);
  return text === undefined || !(length < ENOUGH) ? undefined : length + 1;
}
