/**
 * Passes a stream of HTTP/2 to a server of HTTP/1, and the answer back, or opens a WebSocket if the stream asks for one
 * (RFC 8441). Browsers speak HTTP/2 over TLS, development servers speak HTTP/1.
 */
import { randomBytes } from "node:crypto";
import type { ClientRequest, IncomingMessage } from "node:http";
import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { Duplex } from "node:stream";
import { request as httpRequest } from "../system/http.ts";
import type { LogEntry } from "./access_log.ts";
import {
  addForwarded,
  ANSWER_HEAD_MOST,
  answerFields,
  eachField,
  endToEndFields,
  HINTS_MOST,
  type RawFields,
  valuesOf,
} from "./fields.ts";
import { passBody } from "./flow.ts";
import type { Asked } from "./host.ts";
import type { ServerConnection } from "./kept.ts";

const KEY_BYTES = 16;
/** Fields of a WebSocket's handshake in HTTP/1. HTTP/2 has no such handshake. */
const OF_A_HANDSHAKE = ["sec-websocket-key", "sec-websocket-accept"];

/** A stream, and the connection to its server. */
export interface StreamParts {
  readonly stream: ServerHttp2Stream;
  /** The client's connection, which carries the stream. */
  readonly connection: Duplex;
  readonly headers: IncomingHttpHeaders;
  readonly server: ServerConnection;
  readonly asked: Asked;
  readonly address: string | undefined;
  readonly entry: LogEntry | undefined;
  /** Sends the request again. Called if the server may have closed the connection before the request arrived. */
  askAgain(): void;
  /** Called if the server gives no answer that can be passed on. */
  fail(why: unknown): void;
}

/** True if the stream asks for a WebSocket. */
export function isWebSocket(headers: IncomingHttpHeaders): boolean {
  return headers[":method"] === "CONNECT" && headers[":protocol"] === "websocket";
}

/** @returns The fields of a stream, as names and values in turn. */
export function rawFieldsOf(headers: IncomingHttpHeaders): string[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith(":") || name === "host" ? [] : [value ?? []].flat().flatMap((one) => [name, one])
  );
}

/** @returns The fields of the request to the server, as names and values in turn. */
function requestFields({ headers, asked, address }: StreamParts): string[] {
  const fields = addForwarded(endToEndFields(rawFieldsOf(headers)), { address, host: asked.host, scheme: "https" });
  return ["host", asked.host, ...fields];
}

/** @returns The fields of an answer as HTTP/2 has them. Several values of one name become one list, except cookies. */
function answerHeaders(raw: RawFields): OutgoingHttpHeaders {
  const headers: Record<string, string | string[]> = {};
  eachField(endToEndFields(raw), (name, value) => {
    const before = headers[name];
    if (OF_A_HANDSHAKE.includes(name)) return;
    if (name === "set-cookie") headers[name] = [...before ?? [], value];
    else headers[name] = before === undefined ? value : `${before}, ${value}`;
  });
  return headers;
}

function startRequest(parts: StreamParts, method: string, more: readonly string[]): ClientRequest {
  const onward = httpRequest({
    createConnection: () => parts.server.socket,
    method,
    path: parts.asked.path,
    headers: [...requestFields(parts), ...more],
    setDefaultHeaders: false,
    maxHeaderSize: ANSWER_HEAD_MOST,
  });
  onward.shouldKeepAlive = parts.server.mayKeep; // without an agent the runtime sets false, whatever the field says
  return onward;
}

/** Passes the answer's head and body on. If the runtime refuses to send the head, answers with a page. */
function respond(parts: StreamParts, response: IncomingMessage): void {
  const { stream, server, fail } = parts;
  if (stream.destroyed) return void server.socket.destroy();
  const { statusCode = 502, rawHeaders } = response;
  const mayHaveTrailers = valuesOf(rawHeaders, "transfer-encoding").length > 0;
  try {
    const fields = answerHeaders(answerFields(response, true));
    stream.respond({ ":status": statusCode, ...fields }, { waitForTrailers: mayHaveTrailers });
  } catch (error) {
    server.socket.destroy();
    return fail(error); // the runtime refuses to send this head
  }
  stream.on("wantTrailers", () => stream.sendTrailers(answerHeaders(response.rawTrailers)));
  response.on("error", () => {}); // "close" follows
  response.on("close", () => response.complete || cut(stream, rawHeaders));
  parts.entry?.count(response);
  server.follow(response);
  if (!stream.writableEnded) passBody(response, stream, parts.connection);
  else response.resume();
}

/** Handles a server that closes before its answer is complete. Without a length, the close ends the answer. */
function cut(stream: ServerHttp2Stream, rawHeaders: RawFields): void {
  const hasEnd = valuesOf(rawHeaders, "content-length").length + valuesOf(rawHeaders, "transfer-encoding").length > 0;
  if (hasEnd) stream.close(2 /* INTERNAL_ERROR */);
  else stream.end();
}

function passHint({ stream }: StreamParts, status: number, raw: RawFields): void {
  if (stream.headersSent || stream.destroyed || status < 100 || status === 101 || status > 199) return;
  try {
    stream.additionalHeaders({ ":status": status, ...answerHeaders(raw) });
  } catch {
    // The runtime refuses these fields. The final head repeats them.
  }
}

/**
 * Calls `askAgain` or `fail`, once, if the server gives no answer. Closes the connection to the server together with
 * the stream, except a kept connection after a complete exchange: another request may use it.
 */
function tieTogether(parts: StreamParts, onward: ClientRequest): { answered(response?: IncomingMessage): void } {
  const { stream, server, askAgain, fail } = parts;
  const { turn } = server;
  let isAnswered = false;
  let answer: IncomingMessage | undefined;
  const lose = (why: unknown) => {
    if (isAnswered || stream.destroyed) return;
    isAnswered = true;
    if (server.mayHaveClosedBefore) askAgain();
    else fail(why);
  };
  onward.on("error", lose);
  onward.on("close", () => lose(undefined));
  stream.on("close", () => {
    if (server.turn !== turn) return;
    // The exchange ends when the answer is read to its end.
    if (server.mayKeep && answer?.complete) return void answer.resume();
    server.socket.destroy();
    onward.destroy();
  });
  return {
    answered(response) {
      isAnswered = true;
      answer = response;
    },
  };
}

/** Passes a request on, and its answer back. */
export function passStream(parts: StreamParts): void {
  const { stream, headers } = parts;
  const isEmpty = stream.endAfterHeaders;
  const hasLength = headers["content-length"] !== undefined;
  const more = isEmpty || hasLength ? [] : ["Transfer-Encoding", "chunked"];
  const kind = parts.server.mayKeep ? "keep-alive" : "close";
  const onward = startRequest(parts, headers[":method"] ?? "GET", [...more, "Connection", kind]);
  const { answered } = tieTogether(parts, onward);
  let hints = 0;
  onward.on("information", ({ statusCode, rawHeaders }) => {
    if (hints++ < HINTS_MOST) passHint(parts, statusCode, rawHeaders);
  });
  onward.on("upgrade", (_response, socket) => socket.destroy()); // the request asked for no upgrade
  onward.on("response", (response) => {
    answered(response);
    respond(parts, response);
  });
  if (isEmpty) onward.end();
  else {
    stream.pipe(onward, { end: false });
    stream.on("end", () => onward.end());
    onward.flushHeaders();
  }
}

/** Opens a WebSocket to the server, and joins it to the stream. */
export function passWebSocket(parts: StreamParts): void {
  const { stream, server: { socket: server } } = parts;
  const key = randomBytes(KEY_BYTES).toString("base64");
  const onward = startRequest(parts, "GET", [
    "Connection",
    "Upgrade",
    "Upgrade",
    "websocket",
    "Sec-WebSocket-Key",
    key,
  ]);
  const { answered } = tieTogether(parts, onward);
  onward.on("response", (response) => {
    answered(response);
    respond(parts, response);
  });
  onward.on("upgrade", (response, _socket, first) => {
    answered();
    if (stream.destroyed) return void server.destroy();
    stream.respond({ ":status": 200, ...answerHeaders(response.rawHeaders) });
    if (first.length > 0) stream.write(first);
    server.on("error", () => stream.close(2)).on("close", () => stream.end());
    parts.entry?.count(first.length);
    parts.entry?.count(server);
    passBody(server, stream, parts.connection);
    stream.pipe(server);
  });
  onward.end();
}
