/** The state that the parts of a front share. */
import type { AccessLog } from "./access_log.ts";
import type { Connections } from "./connections.ts";
import type { KeptConnections } from "./kept.ts";
import type { Routes } from "./route.ts";
import type { Listed, Places } from "../sockets/loopbacks.ts";
import type { Shared } from "../system/shared.ts";
import type { SecureConnections } from "./secure.ts";
import type { Upstreams } from "./upstream.ts";

/** The scheme and the port in all URLs of a front. */
export interface Origin {
  readonly scheme: "http" | "https";
  readonly port: number;
}

export interface Front extends Places, Origin {
  readonly connections: Connections;
  readonly upstreams: Upstreams;
  /** Connections to servers, kept for further requests. */
  readonly kept: KeptConnections;
  readonly routes: Routes;
  /** Lists the loopbacks that have a server. */
  readonly served: Shared<readonly Listed[]>;
  /** The log of requests, or undefined if none is written. */
  readonly log: AccessLog | undefined;
  /** The part that speaks TLS, or undefined if the front serves HTTP without TLS. */
  readonly secure: SecureConnections | undefined;
  /** Writes one line to standard error. */
  warn(line: string): void;
  /** The IP address at which the front listens. */
  readonly address: string;
}
