/** Listens, and listens again if the runtime stops accepting. */
import type { Server } from "node:net";
import process from "node:process";
import { setTimeout } from "node:timers";
import { UnsockError } from "../system/errors.ts";
import { listIpListeners } from "../system/ip_sockets.ts";

/** The backlog: how many connections the kernel holds until they are accepted. */
const BACKLOG = 4096;
/** The first descriptor that systemd passes on. */
const FIRST_INHERITED = 3;
/** The pause between two looks at the kernel's listeners, in ms: a look's duration times `ofLook`, within limits. */
const LOOK_MS = { least: 2_000, most: 5_000, ofLook: 50 };

export interface Place {
  readonly address: string;
  /** A port, or 0 for any free port. */
  readonly port: number;
}

/** How many listeners systemd has opened for this process (sd_listen_fds(3)). Child processes do not learn of them. */
const inherited = takeInherited();

function takeInherited(): number {
  const { LISTEN_PID: pid, LISTEN_FDS: count } = process.env;
  for (const name of ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]) delete process.env[name];
  return pid === `${process.pid}` ? Number(count) : 0;
}

/**
 * @returns The port, once the server listens.
 * @throws {UnsockError} If systemd has opened several sockets.
 * @throws {Error} With the errno's name as `code` if the server cannot listen.
 */
export function listen(server: Server, { address, port }: Place): Promise<number> {
  if (inherited > 1) throw new UnsockError(`systemd has opened ${inherited} sockets for it: it takes one`);
  const where = inherited === 1 ? { fd: FIRST_INHERITED } : { host: address, port, backlog: BACKLOG };
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(where, () => {
      server.removeListener("error", reject);
      const bound = server.address();
      resolve(typeof bound === "object" && bound !== null ? bound.port : port);
    });
  });
}

/**
 * Listens anew if the server has stopped accepting. If no descriptor is left for a connection, Deno 2.9 stops accepting
 * for ever and reports no error, and connections stay in the kernel's queue.
 *
 * @param place The address and port at which the server listens.
 * @param accepted Returns how many connections the server has accepted so far.
 */
export function keepListening(server: Server, place: Place, accepted: () => number): void {
  server.on("error", () => {}); // an error of accept: the next look listens anew
  let [before, wasStuck] = [0, false];
  const lookAfter = (ms: number): unknown =>
    setTimeout(() => {
      const start = performance.now();
      look();
      lookAfter(Math.min(Math.max(LOOK_MS.least, (performance.now() - start) * LOOK_MS.ofLook), LOOK_MS.most));
    }, ms).unref();
  const look = () => {
    const now = accepted();
    const isStuck = now === before && listIpListeners(place.port).some(({ queued }) => queued > 0);
    // A listener of systemd's cannot be opened anew. So this process ends, and systemd starts it again.
    if (isStuck && wasStuck && inherited === 1) process.kill(process.pid, "SIGTERM");
    else if (isStuck && wasStuck && server.listening) server.close();
    // If the address is still in use, the next look tries again.
    if (!server.listening) listen(server, place).catch(() => {});
    [before, wasStuck] = [now, isStuck];
  };
  lookAfter(LOOK_MS.least);
}
