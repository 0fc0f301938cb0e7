/** A network port for one test alone, if it must be known before a listen, or must have no listener. */
import { ipListeners } from "./net.ts";

const RANGE = "/proc/sys/net/ipv4/ip_local_port_range";
const TRIES = 1000;

/** Held with `using`. */
export interface OwnPort extends Disposable {
  readonly port: number;
}

/**
 * Takes a port of TCP and UDP that no other process gets meanwhile. To a bind of port 0 and to clients the kernel gives
 * no port beyond its range, and an abstract socket name keeps each from the tests of other processes.
 * A port that was listened on and closed is everybody's: a test that runs beside may have it a moment later.
 *
 * @returns The port, which has no listener.
 * @throws {Error} when each that was tried is taken.
 */
export function ownPort(): OwnPort {
  const { first, last } = beyondRange(Deno.readTextFileSync(RANGE));
  for (let tries = 0; tries < TRIES; tries++) {
    const [random = 0] = crypto.getRandomValues(new Uint32Array(1));
    const port = first + random % (last - first + 1);
    const holder = hold(port);
    if (holder === undefined) continue;
    if (!ipListeners().some((listener) => listener.port === port)) {
      return { port, [Symbol.dispose]: () => holder.close() };
    }
    holder.close();
  }
  throw new Error(`no port from ${first} to ${last} is free`);
}

/** Takes the name that keeps the port from other tests. @returns Nothing while another process has it. */
export function hold(port: number): Deno.UnixListener | undefined {
  try {
    return Deno.listen({ transport: "unix", path: `\0unsock's tests: port ${port}` });
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return undefined;
    throw error;
  }
}

/**
 * @param range The kernel's text about its range.
 * @returns The ports below it, or above it; where it is all there is, all: by chance alone somebody else gets the same.
 */
export function beyondRange(range: string): { first: number; last: number } {
  const [low = 0, high = 0] = range.trim().split(/\s+/).map(Number);
  if (low > 11_000) return { first: 10_000, last: low - 1 };
  return { first: high < 64_000 ? high + 1 : 10_000, last: 65_535 };
}
