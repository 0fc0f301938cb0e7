/** Reads the listening TCP ports from the kernel. */

/** @returns Ports with a listening TCP socket in this network namespace. */
export function listeningPorts(): Set<number> {
  const ports = new Set<number>();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of readTable(table)) {
      const [, local, , state] = line.trim().split(/\s+/);
      if (state === "0A") ports.add(parseInt(local?.split(":")[1] ?? "", 16));
    }
  }
  return ports;
}

function readTable(file: string): string[] {
  try {
    return Deno.readTextFileSync(file).split("\n").slice(1);
  } catch {
    return []; // no IPv6 here
  }
}

/** @returns The first port from `start` on without a TCP listener. */
export function freePort(start: number): number {
  const taken = listeningPorts();
  let port = start;
  while (taken.has(port)) port++;
  return port;
}
