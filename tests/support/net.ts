/** Reads IP sockets from the kernel: the proof that a redirected server is not on the network. */

/** One socket that the network can reach. */
export interface IpListener {
  protocol: string;
  port: number;
  inode: number;
}

const TABLES = ["tcp", "tcp6", "udp", "udp6"];
const TCP_LISTEN = "0A";

/**
 * Lists the listening TCP sockets and the bound UDP sockets of this network namespace.
 *
 * @returns One entry for each socket, with the port in host byte order.
 */
export function ipListeners(): IpListener[] {
  return TABLES.flatMap((protocol) => readTable(protocol));
}

function readTable(protocol: string): IpListener[] {
  const listeners: IpListener[] = [];
  for (const line of readIfThere(`/proc/net/${protocol}`).split("\n").slice(1)) {
    const fields = line.trim().split(/\s+/);
    const [, local, , state] = fields;
    const port = local?.split(":")[1];
    if (port === undefined) continue;
    if (protocol.startsWith("tcp") && state !== TCP_LISTEN) continue;
    listeners.push({ protocol, port: parseInt(port, 16), inode: Number(fields[9]) });
  }
  return listeners;
}

/** Returns "" if there is no such file: a kernel without IPv6 has no tables tcp6 and udp6. */
function readIfThere(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

/**
 * Checks that no TCP socket listens on, and no UDP socket is bound to, a port.
 *
 * @param port In host byte order.
 * @throws {Error} naming the socket when there is one.
 */
export function assertNoIpListener(port: number): void {
  for (const listener of ipListeners()) {
    if (listener.port !== port) continue;
    throw new Error(`port ${port} is on the network: ${listener.protocol}, inode ${listener.inode}`);
  }
}
