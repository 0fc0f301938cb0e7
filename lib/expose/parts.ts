/** The state that the parts of a front share. */
import type { Connections } from "./connections.ts";
import type { Places } from "../sockets/loopbacks.ts";
import type { Upstreams } from "./upstream.ts";

/** A running front. */
export interface Front extends Places {
  readonly connections: Connections;
  readonly upstreams: Upstreams;
  /** The IP address and the port at which it listens. */
  readonly address: string;
  readonly port: number;
}
