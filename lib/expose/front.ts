/**
 * `unsock expose --http`: one TCP port for all loopbacks of a user, by name. The runtime reads and writes HTTP. Each
 * request of HTTP/1 (`requests.ts`), each stream of HTTP/2 (`streams.ts`) and each upgrade (`upgrades.ts`) goes to the
 * server that its own host names. A connection to one server never carries requests for another (`kept.ts`).
 *
 * Uses no API of one runtime alone: Deno and Node.js both have `node:http` and `node:http2`.
 */
import type { Socket } from "node:net";
import process from "node:process";
import { codeOf, UnsockError } from "../system/errors.ts";
import { keepHeapSmall } from "../system/heap.ts";
import { createServer } from "../system/http.ts";
import { AccessLog } from "./access_log.ts";
import { announce } from "./announce.ts";
import type { CertificateFiles } from "./certificate.ts";
import { Connections } from "./connections.ts";
import { KeptConnections } from "./kept.ts";
import { keepListening, listen } from "./listener.ts";
import { type Directories, listLoopbacks } from "../sockets/loopbacks.ts";
import { StaleFiles } from "../sockets/stale.ts";
import { Shared } from "../system/shared.ts";
import { listServed } from "./page.ts";
import type { Front } from "./parts.ts";
import { divide } from "./protocols.ts";
import { recordFront } from "./record.ts";
import { refuseConnection, RequestHandler } from "./requests.ts";
import { NO_TUNNEL, Routes } from "./route.ts";
import { SecureConnections } from "./secure.ts";
import { mayUpgrade, Upgrades } from "./upgrades.ts";
import { Upstreams } from "./upstream.ts";

const HEAD_MOST = 32_768;
const HEAD_MS = 10_000;
const CHECK_MS = 1_000;
const IDLE_MS = 60_000;
/** The pause after each listing of servers, as a multiple of the time that the listing took. */
const LIST_REST = 3;

/** Deno, and Node.js from 24.9 on, call this for each upgrade. */
const UPGRADES = { shouldUpgradeCallback: mayUpgrade };

export interface FrontOptions extends Directories {
  /** The path of `libunsock.so`. */
  readonly library: string;
  readonly address: string;
  /** A port, or 0 for any free port. */
  readonly port: number;
  /** The log's path, or true for standard error. */
  readonly logFile?: string | true;
  readonly json?: boolean;
  readonly certificate?: CertificateFiles;
  print(text: string): void;
  /** Writes one line to standard error. */
  warn(line: string): void;
}

/** @returns Why a front cannot listen, as one line. */
export function whyNoFront(error: unknown, address: string, port: number): string {
  if (error instanceof UnsockError) return error.message;
  const code = codeOf(error) ?? "";
  const known: Readonly<Record<string, string>> = {
    EADDRINUSE: "is taken: write another port, or 0 for any",
    EADDRNOTAVAIL: "not an address of this machine",
    EINVAL: "not an address of this machine", // Deno's code for EADDRNOTAVAIL
    EACCES: "Permission denied",
  };
  const place = address.includes(":") ? `[${address}]` : address;
  return `${place}:${port}: ${known[code] ?? (error instanceof Error ? error.message : String(error))}`;
}

/**
 * Serves until the process ends.
 *
 * @param options The directories of the loopbacks, the address to listen on, and more.
 * @returns Never.
 * @throws {Error} With the errno's name as `code` when the front cannot listen.
 */
export async function serveFront(options: FrontOptions): Promise<never> {
  keepHeapSmall();
  const server = createServer({
    ...UPGRADES,
    maxHeaderSize: HEAD_MOST,
    headersTimeout: HEAD_MS,
    connectionsCheckingInterval: CHECK_MS,
    requestTimeout: 0,
    keepAliveTimeout: IDLE_MS,
    requireHostHeader: false,
  });
  server.maxHeadersCount = 0;
  const secure = options.certificate && new SecureConnections(options.certificate);
  const connections = new Connections();
  const upstreams = new Upstreams(options.library, connections);
  const all = new Shared(() => Promise.resolve(listLoopbacks(options)));
  const places = { ...options, all, stale: new StaleFiles(options.library, options.warn) };
  const front: Front & { port: number } = {
    ...places,
    secure,
    log: options.logFile === undefined ? undefined : new AccessLog(options.logFile, options.warn),
    scheme: secure === undefined ? "http" : "https",
    served: new Shared(() => listServed(places), LIST_REST),
    connections,
    upstreams,
    kept: new KeptConnections(connections, upstreams),
    routes: new Routes(places),
  };
  const readers = server.listeners("connection");
  server.removeAllListeners("connection");
  const read = (socket: Socket) => readers.forEach((reader) => Reflect.apply(reader, server, [socket]));
  const requests = new RequestHandler(front);
  const upgrades = new Upgrades(front, requests, read);
  server.on("request", (request, answer) => requests.take(request, answer));
  server.on("checkContinue", (request, answer) => requests.take(request, answer));
  server.on("checkExpectation", (request, answer) => requests.take(request, answer));
  server.on("upgrade", (request, _socket, head) => upgrades.take({ request, client: request.socket, head }));
  server.on("connect", (request, _socket, head) => {
    upgrades.refuse({ request, client: request.socket, head }, { ...NO_TUNNEL, lists: "nothing" });
  });
  server.on("clientError", (error, socket) => refuseConnection(error, socket, requests));
  divide(server, front, read);
  // An unexpected error in the handler of one connection must not end the others.
  for (const event of ["uncaughtException", "unhandledRejection"]) {
    process.on(event, (error) => options.warn(`expose: unexpected: ${error instanceof Error ? error.message : error}`));
  }
  front.port = await listen(server, options);
  recordFront(front);
  secure?.watch(options.warn);
  keepListening(server, front, () => connections.accepted);
  return await announce(front, options);
}
