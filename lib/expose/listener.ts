/** Listens, and goes on listening whatever happens. */
import type { Server } from "node:net";
import { listIpListeners } from "../system/ip_sockets.ts";

/** How many connections the kernel accepts in advance. */
const BACKLOG = 4096;
const LOOK_MS = 2_000;

/** Where to listen. */
export interface Place {
  /** An IP address. */
  readonly address: string;
  /** 0: any. */
  readonly port: number;
}

/**
 * @returns The port, once the server listens.
 * @throws {Error} With the errno's name as `code`.
 */
export function listen(server: Server, { address, port }: Place): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: address, port, backlog: BACKLOG }, () => {
      server.removeListener("error", reject);
      const bound = server.address();
      resolve(typeof bound === "object" && bound !== null ? bound.port : port);
    });
  });
}

/**
 * Listens anew if the server accepts no more. Without a descriptor for one more connection, Deno 2.9 stops accepting for
 * ever, and reports no error. Connections then stay in the
 * kernel's queue.
 *
 * @param place With the port at which it listens.
 * @param accepted Returns how many connections it has accepted so far.
 */
export function keepListening(server: Server, place: Place, accepted: () => number): void {
  server.on("error", () => {}); // of accept: the next look listens anew
  let [before, wasStuck] = [0, false];
  setInterval(() => {
    const now = accepted();
    const isStuck = now === before && listIpListeners(place.port).some(({ queued }) => queued > 0);
    if (isStuck && wasStuck && server.listening) server.close();
    if (!server.listening) listen(server, place).catch(() => {}); // its address may be in use until the next look
    [before, wasStuck] = [now, isStuck];
  }, LOOK_MS).unref();
}
