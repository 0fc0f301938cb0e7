/** A network port for one test alone, if it must be known before a listen, or must have no listener. */
import { ipListeners } from "./net.ts";

const RANGE = "/proc/sys/net/ipv4/ip_local_port_range";
const TRIES = 1000;

/** A port that is held until its disposal, with `using`. */
export interface OwnPort extends Disposable {
  readonly port: number;
}

/**
 * Takes a port of TCP and UDP that no other process gets meanwhile: it is outside the range from which the kernel takes
 * ephemeral ports, and an abstract socket name reserves it among the tests. (A port that the kernel gave to a listener
 * is free once the listener is closed, so a concurrent test may get it.)
 *
 * @returns The port, which has no listener.
 * @throws {Error} when all ports that it tried are taken.
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

/** Takes the name that reserves the port among the tests. @returns Undefined while another test has the name. */
export function hold(port: number): Deno.UnixListener | undefined {
  try {
    return Deno.listen({ transport: "unix", path: `\0unsock's tests: port ${port}` });
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return undefined;
    throw error;
  }
}

/**
 * @param range The text of ip_local_port_range.
 * @returns The ports below the range, or above it. If the range leaves none, returns ports within it, which another
 *   process gets only by chance.
 */
export function beyondRange(range: string): { first: number; last: number } {
  const [low = 0, high = 0] = range.trim().split(/\s+/).map(Number);
  if (low > 11_000) return { first: 10_000, last: low - 1 };
  return { first: high < 64_000 ? high + 1 : 10_000, last: 65_535 };
}
