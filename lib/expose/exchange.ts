/** Passes a request to a server, and the answer back: bodies, trailers, 1xx, early answers. */
import type { ClientRequest, IncomingMessage, ServerResponse } from "node:http";
import process from "node:process";
import { request as httpRequest } from "../system/http.ts";
import {
  addForwarded,
  ANSWER_HEAD_MOST,
  answerFields,
  endToEndFields,
  hasField,
  HINTS_MOST,
  type RawFields,
} from "./fields.ts";
import type { LogEntry } from "./access_log.ts";
import type { Asked } from "./host.ts";
import type { ServerConnection } from "./kept.ts";
import { schemeOf, writeInTurn, writesInTurn } from "./secure.ts";

/** How long an answered client may be silent in the middle of its request before its connection is closed. */
const LINGER_MS = 1_000;
const CONTINUE = 100;
const PROCESSING = 102;
const EARLY_HINTS = 103;
/** Methods whose requests need no `Content-Length: 0` if they have no body. */
const WITHOUT_BODY = new Set(["GET", "HEAD", "DELETE", "OPTIONS", "TRACE"]);

/** A request, its answer, and the connection to the server. */
export interface ExchangeParts {
  readonly request: IncomingMessage;
  readonly answer: ServerResponse;
  readonly connection: ServerConnection;
  readonly asked: Asked;
  readonly entry: LogEntry | undefined;
  /** Sends the request again. Called if the server may have closed the connection before the request arrived. */
  askAgain(): void;
  /** Called if the server gives no answer. */
  fail(why: unknown): void;
}

/** @returns The fields in pairs, as `addTrailers` takes them. */
function pairsOf(raw: RawFields): [string, string][] {
  return raw.flatMap((name, i): [string, string][] => i % 2 === 0 ? [[name, raw[i + 1] ?? ""]] : []);
}

/** @returns The fields of a request as the server gets them. */
export function requestFields(request: IncomingMessage, { host }: Asked): string[] {
  const fields = addForwarded(endToEndFields(request.rawHeaders), {
    address: request.socket.remoteAddress,
    host,
    scheme: schemeOf(request.socket),
  });
  const isChunked = hasField(request.rawHeaders, "transfer-encoding");
  const hasLength = hasField(fields, "content-length");
  if (isChunked) fields.push("Transfer-Encoding", "chunked");
  else if (!hasLength && !WITHOUT_BODY.has(request.method ?? "")) fields.push("Content-Length", "0");
  return fields;
}

/**
 * Ends an answer. If the connection closes after it, first waits for the rest of the client's body: an earlier close
 * would reset the connection, and the client could lose the answer.
 *
 * @param isAwaited True if the client waits for this answer before it sends a body.
 */
export function endAnswer(request: IncomingMessage, answer: ServerResponse, isAwaited = false): void {
  if (request.complete || answer.shouldKeepAlive || isAwaited) {
    answer.end();
    return;
  }
  let timer = setTimeout(end, LINGER_MS);
  function end() {
    clearTimeout(timer);
    answer.end();
  }
  request.on("data", () => {
    clearTimeout(timer);
    timer = setTimeout(end, LINGER_MS);
  });
  request.once("end", end).once("close", end).resume();
}

/** Passes a request on and its answer back. */
export class Exchange {
  readonly #parts: ExchangeParts;
  readonly #turn: number;
  #onward: ClientRequest | undefined;
  #isAnswered = false;
  #isContinued = false;
  #hints = 0;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
    this.#turn = parts.connection.turn;
  }

  /** Starts the exchange; events do the rest. */
  start(): void {
    const { request, answer, connection, asked } = this.#parts;
    const { mayKeep } = connection;
    if (answer.destroyed) {
      connection.socket.destroy(); // the client has gone meanwhile
      return;
    }
    const onward = this.#onward = httpRequest({
      createConnection: () => connection.socket,
      method: request.method ?? "GET",
      path: asked.path,
      headers: [...requestFields(request, asked), "Connection", mayKeep ? "keep-alive" : "close"],
      setDefaultHeaders: false,
      maxHeaderSize: ANSWER_HEAD_MOST,
    });
    onward.shouldKeepAlive = mayKeep; // without an agent the runtime sets false, whatever the field says
    onward.on("information", ({ statusCode, headers }) => this.#inform(statusCode, headers));
    onward.on("response", (response) => this.#respond(response));
    onward.on("upgrade", (_response, socket) => socket.destroy()); // the request asked for no upgrade
    onward.on("error", (error) => this.#break(error));
    onward.on("close", () => this.#break(undefined));
    answer.on("close", () => this.#leave());
    request.on("error", () => this.#leave());
    if (mayKeep) onward.end(); // the request has no body
    else this.#sendBody(onward);
  }

  #sendBody(onward: ClientRequest): void {
    const { request } = this.#parts;
    request.on("end", () => {
      if (request.rawTrailers.length > 0) onward.addTrailers(pairsOf(request.rawTrailers));
      onward.end();
    });
    request.pipe(onward, { end: false });
    // If the body has arrived, sends the head together with the body; otherwise sends the head at once.
    process.nextTick(() => onward.headersSent || onward.destroyed || onward.flushHeaders());
  }

  #inform(status: number, headers: NodeJS.Dict<string | string[]>): void {
    const { request, answer } = this.#parts;
    if (answer.headersSent || answer.destroyed || request.httpVersionMinor === 0) return;
    if (this.#hints++ >= HINTS_MOST) return;
    if (status === CONTINUE && !this.#isContinued) {
      this.#isContinued = true;
      answer.writeContinue();
    }
    if (status === PROCESSING) answer.writeProcessing();
    const { link, ...others } = headers;
    if (status !== EARLY_HINTS || link === undefined) return;
    try {
      answer.writeEarlyHints({ link, ...others as Record<string, string> });
    } catch {
      // The runtime accepts only links of a certain pattern. No link is lost: the final head repeats them all.
    }
  }

  #respond(response: IncomingMessage): void {
    const { answer, request } = this.#parts;
    this.#isAnswered = true;
    if (answer.destroyed) {
      this.#onward?.destroy();
      return;
    }
    try {
      const fields = answerFields(response, request.method !== "HEAD" && request.httpVersionMinor > 0);
      answer.writeHead(response.statusCode ?? 502, response.statusMessage ?? "", fields);
    } catch (error) {
      this.#isAnswered = false; // no final answer, or the runtime refuses to send this head
      response.destroy();
      this.#break(error);
      return;
    }
    response.on("error", () => {}); // "close" follows
    response.on("close", () => response.complete || this.#cut(response));
    this.#parts.entry?.count(response);
    this.#parts.connection.follow(response);
    this.#passBody(response);
  }

  /**
   * Passes chunks on as fast as the client takes them. If the first chunk has arrived, sends the head together with it;
   * otherwise sends the head at once, as server-sent events need. After a chunk, flushHeaders is not called: it would
   * write nothing, and Deno 2.9's TLS would then write no more.
   */
  #passBody(response: IncomingMessage): void {
    const { request, answer } = this.#parts;
    const inTurn = writesInTurn(request.socket);
    let isBegun = false;
    response.on("data", (chunk: Uint8Array) => {
      isBegun = true;
      if (answer.destroyed) return;
      if (inTurn) writeInTurn(chunk, response, answer);
      else if (!answer.write(chunk)) response.pause();
    });
    process.nextTick(() => isBegun || answer.writableEnded || answer.destroyed || answer.flushHeaders());
    if (!inTurn) answer.on("drain", () => response.resume());
    response.on("end", () => {
      if (response.rawTrailers.length > 0) answer.addTrailers(pairsOf(response.rawTrailers));
      this.#finish();
    });
  }

  /**
   * Called if the server closes the connection during its answer. An answer without a length ends at the close, even by
   * a reset. Any other answer is incomplete: destroys the client's connection.
   */
  #cut({ rawHeaders }: IncomingMessage): void {
    const hasEnd = hasField(rawHeaders, "content-length") || hasField(rawHeaders, "transfer-encoding");
    if (hasEnd) this.#parts.answer.destroy();
    else this.#finish();
  }

  #finish(): void {
    const { request, answer } = this.#parts;
    if (this.#onward !== undefined) request.unpipe(this.#onward);
    if (answer.writableEnded || answer.destroyed) return;
    // Does not wait for the body of a client that still waits for 100 Continue: the client sends no body now.
    endAnswer(request, answer, !this.#isContinued && hasField(request.rawHeaders, "expect"));
    request.resume();
  }

  /** Calls `askAgain` or `fail`, once, if the server gave no answer. */
  #break(why: unknown): void {
    const { request, answer, connection, askAgain, fail } = this.#parts;
    if (this.#isAnswered || answer.destroyed) return;
    this.#isAnswered = true;
    if (this.#onward !== undefined) request.unpipe(this.#onward);
    if (connection.mayHaveClosedBefore) askAgain();
    else fail(why);
  }

  /**
   * Called when the client's connection has closed, or the answer is fully written. Aborts the request to the server,
   * and closes the server's connection if the answer is unfinished. Does nothing after a complete exchange on a kept
   * connection, which may already serve another client.
   */
  #leave(): void {
    const { answer, connection } = this.#parts;
    if (connection.turn !== this.#turn) return;
    if (!answer.writableFinished) connection.socket.destroy();
    this.#onward?.destroy();
  }
}
