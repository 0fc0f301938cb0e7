/**
 * HTTP/2: each stream goes to the server that its authority names. If the client uses TLS, as browsers do for HTTP/2,
 * the server gets HTTP/1. The server gets HTTP/2 for gRPC, and if the client uses HTTP/2 without TLS (RFC 9113, 3.3).
 * To a server of HTTP/2, each client has one connection of its own. `guarded.ts` ends a client's connection at a flood.
 */
import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  IncomingHttpHeaders,
  ServerHttp2Session,
  ServerHttp2Stream,
} from "node:http2";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { loadHttp2 } from "../system/http.ts";
import type { LogEntry } from "./access_log.ts";
import { addForwarded, HINTS_MOST } from "./fields.ts";
import { passBody } from "./flow.ts";
import type { Front } from "./parts.ts";
import { type Asked, parseHost } from "./host.ts";
import { Guarded } from "./guarded.ts";
import { fileOf } from "../sockets/loopbacks.ts";
import { PAGE_FIELDS, renderPage } from "./page.ts";
import { schemeOf } from "./secure.ts";
import { endBetweenReads } from "./session_end.ts";
import { isWebSocket, passStream, passWebSocket, rawFieldsOf } from "./stream_http1.ts";
import { failurePage, NO_HOST, NO_TUNNEL, type PageAnswer, type Target } from "./route.ts";

const STREAMS_MOST = 100;
const HEAD_MOST = 32_768;
const IDLE_MS = 60_000;
/** How long a server may take for its first frame. A server of another protocol may never send anything. */
const PREFACE_MS = 10_000;
const FORWARDED = ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"];

/** @returns The stream's host and path, or undefined if its headers do not name one host for certain. */
function readStream(headers: IncomingHttpHeaders): Asked | undefined {
  const { ":authority": authority, host = authority, ":path": path } = headers;
  const name = host === undefined ? undefined : parseHost(host);
  const isOne = authority === undefined || authority.toLowerCase() === host?.toLowerCase();
  return name === undefined || host === undefined || path === undefined || !isOne ? undefined : { host, name, path };
}

/** @returns The headers as the server gets them. */
function forwardedHeaders(
  headers: IncomingHttpHeaders,
  asked: Asked,
  address: string | undefined,
  scheme: "http" | "https",
): IncomingHttpHeaders {
  const known = FORWARDED.flatMap((name) => {
    const value = headers[name];
    return value === undefined ? [] : [name, String(value)];
  });
  const added = addForwarded(known, { address, host: asked.host, scheme });
  const all: IncomingHttpHeaders = { ...headers };
  for (let i = 0; i + 1 < added.length; i += 2) all[(added[i] ?? "").toLowerCase()] = added[i + 1];
  return all;
}

/** True for a request of gRPC, which only a server of HTTP/2 answers. */
function isGrpc(headers: IncomingHttpHeaders): boolean {
  return headers["content-type"]?.startsWith("application/grpc") ?? false;
}

interface Passed {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  readonly asked: Asked;
  readonly target: Target;
  readonly entry: LogEntry | undefined;
  fail(why: unknown): void;
}

/** A client's connection (`socket`), and the guarded stream over it that HTTP/2 reads (`connection`). */
interface Carrier {
  readonly socket: Socket;
  readonly connection: Duplex;
}

/** A client's connection, and its connections to servers. */
class Client {
  readonly #front: Front;
  readonly #session: ServerHttp2Session;
  readonly #socket: Socket;
  readonly #connection: Duplex;
  readonly #servers = new Map<string, Promise<ClientHttp2Session>>();
  #open = 0;

  constructor(front: Front, session: ServerHttp2Session, { socket, connection }: Carrier) {
    this.#front = front;
    this.#connection = connection;
    this.#session = session;
    this.#socket = socket;
    endBetweenReads(session);
    session.setTimeout(IDLE_MS, () => this.#open === 0 && session.close());
    session.on("error", () => session.destroy());
    session.on("stream", (stream, headers) => void this.#take(stream, headers));
    session.on("close", () => {
      for (const server of this.#servers.values()) server.then((one) => one.destroy(), () => {});
    });
  }

  async #take(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    stream.on("error", () => {}); // "close" follows
    if (!this.#front.connections.enterStream()) return stream.close(loadHttp2().constants.NGHTTP2_REFUSED_STREAM);
    this.#count(1);
    stream.on("close", () => {
      this.#front.connections.leaveStream();
      this.#count(-1);
    });
    await new Promise(setImmediate);
    if (stream.destroyed) return; // it was reset at once, and costs no more
    const method = headers[":method"] ?? "";
    const entry = this.#front.log?.begin(this.#socket.remoteAddress, `${method} ${headers[":path"] ?? "-"} HTTP/2.0`);
    if (entry !== undefined) stream.once("close", () => entry.end(Number(stream.sentHeaders?.[":status"])));
    const isTunnel = method === "CONNECT" && !isWebSocket(headers);
    const asked = isTunnel ? undefined : readStream(headers);
    if (asked === undefined) {
      return await this.#say(stream, { ...isTunnel ? NO_TUNNEL : NO_HOST, lists: "nothing" }, entry);
    }
    const route = await this.#front.routes.find(asked, method);
    if (route.kind === "page") return await this.#say(stream, route.page, entry);
    entry?.goesTo(route.target);
    const fail = (why: unknown) => void this.#say(stream, failurePage(route.target, why), entry);
    try {
      await this.#pass({ stream, headers, asked, target: route.target, entry, fail });
    } catch (error) {
      fail(error);
    }
  }

  async #pass(passed: Passed): Promise<void> {
    const { stream, headers, asked, target, entry, fail } = passed;
    const address = this.#socket.remoteAddress;
    if (schemeOf(this.#socket) === "https" && !isGrpc(headers)) return await this.#passToHttp1(passed);
    const server = await this.#serverAt(target);
    if (stream.destroyed) return;
    const fields = forwardedHeaders(headers, asked, address, schemeOf(this.#socket));
    const onward = server.request(fields, { endStream: stream.endAfterHeaders });
    entry?.count(onward);
    exchange(stream, onward, this.#connection, fail);
  }

  async #passToHttp1(passed: Passed, isFirst = true): Promise<void> {
    const { stream, headers, asked, target, fail } = passed;
    const client = this.#socket;
    const method = stream.endAfterHeaders ? headers[":method"] : undefined;
    const request = { client, method, path: asked.path, rawHeaders: rawFieldsOf(headers) };
    const server = await this.#front.kept.connect(target, request, isFirst);
    if (stream.destroyed) return void server.socket.destroy();
    const pass = isWebSocket(headers) ? passWebSocket : passStream;
    const askAgain = () => void this.#passToHttp1(passed, false).catch(fail);
    pass({ ...passed, connection: this.#connection, server, address: client.remoteAddress, askAgain });
  }

  /** Adds `more`, 1 or -1, to the count of open streams. A client's connection without an open stream is waiting. */
  #count(more: number): void {
    this.#open += more;
    if (this.#open > 0) this.#front.connections.answer(this.#socket);
    else this.#front.connections.wait(this.#socket);
  }

  async #say(stream: ServerHttp2Stream, page: PageAnswer, entry: LogEntry | undefined): Promise<void> {
    const text = await renderPage(page, this.#front);
    if (stream.destroyed || stream.headersSent) return;
    stream.respond({ ":status": page.status, ...PAGE_FIELDS });
    entry?.count(new TextEncoder().encode(text).length);
    stream.end(text);
    stream.resume();
  }

  /** Returns the connection to a server. Makes one if there is none, or if the last one has ended. */
  async #serverAt(target: Target): Promise<ClientHttp2Session> {
    const key = fileOf(target.loopback, target.port);
    const known = await this.#servers.get(key)?.catch(() => undefined);
    if (known !== undefined && !known.closed && !known.destroyed) return known;
    const made = this.#front.upstreams.connect(target).then((socket) => {
      socket.allowHalfOpen = false; // the end of one direction ends a session
      const session = loadHttp2().connect("http://localhost", { createConnection: () => socket });
      endBetweenReads(session);
      session.on("error", () => session.destroy());
      limitPreface(session);
      if (this.#session.destroyed) session.destroy();
      return session;
    });
    this.#servers.set(key, made);
    const forget = () => this.#servers.get(key) === made && this.#servers.delete(key);
    made.then((session) => session.once("close", forget), forget);
    return await made;
  }
}

/** Ends a connection if its server does not begin to speak HTTP/2 in time. */
function limitPreface(session: ClientHttp2Session): void {
  const late = Object.assign(new Error("no answer in HTTP/2"), { code: "ETIMEDOUT" });
  const timer = setTimeout(() => session.destroy(late), PREFACE_MS);
  const stop = () => clearTimeout(timer);
  session.once("remoteSettings", stop).once("close", stop);
}

/** @returns False if the runtime refuses to send a head, as with a status that does not exist. */
function tryTo(send: () => void): boolean {
  try {
    send();
    return true;
  } catch {
    return false; // the runtime has sent nothing of the head
  }
}

/** Passes a stream on to a server of HTTP/2, and the answer back. */
function exchange(
  stream: ServerHttp2Stream,
  onward: ClientHttp2Stream,
  connection: Duplex,
  fail: (why: unknown) => void,
): void {
  const { constants } = loadHttp2();
  let trailers: IncomingHttpHeaders = {};
  let hints = 0;
  onward.on("headers", (fields) => {
    if (stream.headersSent || stream.destroyed || hints++ >= HINTS_MOST) return;
    tryTo(() => stream.additionalHeaders(fields)); // the final head repeats what the runtime refuses
  });
  onward.on("trailers", (fields) => trailers = fields);
  onward.on("response", (fields, flags) => {
    if (stream.destroyed) return;
    // gRPC reports an error by a head that ends the stream.
    const isWhole = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    const options = isWhole ? { endStream: true } : { waitForTrailers: true };
    if (tryTo(() => stream.respond(fields, options))) isWhole ? onward.resume() : passBody(onward, stream, connection);
    else onward.close(constants.NGHTTP2_CANCEL); // "close" follows: no answer
  });
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  let why: unknown;
  onward.on("error", (error) => why = error);
  onward.on("close", () => {
    if (!stream.headersSent) fail(why);
    else if (onward.rstCode !== constants.NGHTTP2_NO_ERROR) stream.close(onward.rstCode);
  });
  stream.on("close", () => onward.close(stream.rstCode || constants.NGHTTP2_CANCEL));
  stream.pipe(onward);
}

/** @returns A function that reads a client's connection as HTTP/2. */
export function createStreamReader(front: Front): (socket: Socket) => void {
  const settings = {
    maxConcurrentStreams: STREAMS_MOST,
    maxHeaderListSize: HEAD_MOST,
    enableConnectProtocol: front.secure !== undefined,
  };
  const server = loadHttp2().createServer({ settings });
  // The session's own socket is a proxy that forbids most methods of a socket, so the real one is kept here.
  let current: Carrier | undefined;
  server.on("session", (session) => current && new Client(front, session, current));
  server.on("sessionError", () => {}); // the session ends by itself
  return (socket) => {
    socket.allowHalfOpen = false;
    const connection = new Guarded(socket).setMaxListeners(0); // each stream adds a listener
    current = { socket, connection };
    server.emit("connection", connection);
  };
}
