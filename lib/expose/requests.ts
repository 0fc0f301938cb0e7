/** Passes each HTTP/1 request to the server that its host names. Requests of one connection are answered in order. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { STATUS_CODES } from "../system/http.ts";
import { codeOf } from "../system/errors.ts";
import type { LogEntry } from "./access_log.ts";
import { endAnswer, Exchange } from "./exchange.ts";
import { valuesOf } from "./fields.ts";
import { type Asked, ownerOf, readTarget } from "./host.ts";
import { PAGE_FIELDS, renderPage } from "./page.ts";
import type { Front, Origin } from "./parts.ts";
import { schemeOf } from "./secure.ts";
import { failurePage, isGone, NO_HOST, type PageAnswer } from "./route.ts";

const PIPELINED_MOST = 256;
const CLOSING_MS = 1_000;

/** The requests of one connection: the first is being answered, the others wait. */
interface Turns {
  isBusy: boolean;
  readonly waiting: (() => void)[];
}

interface Refusal {
  readonly status: number;
  readonly sentence: string;
  readonly location?: string;
}

/** A request that names one host for certain, and its answer. */
interface Given {
  readonly request: IncomingMessage;
  readonly answer: ServerResponse;
  readonly asked: Asked;
  readonly entry: LogEntry | undefined;
}

/**
 * Refuses a request without TLS at a port that serves HTTPS. Redirects the request to HTTPS if its host is the front
 * or a loopback.
 */
function refusePlain({ host, name, path }: Asked): Refusal {
  const sentence = "This port serves HTTPS: write https:// instead of http://.";
  if (ownerOf(name).kind === "stranger") return { status: 400, sentence };
  return { status: 307, sentence, location: `https://${host}${path.startsWith("/") ? path : "/"}` };
}

/**
 * @returns The host and path of the request, or a refusal if its length or host is ambiguous, if its Transfer-Encoding
 *   is not chunked, or if it came without TLS to a port for HTTPS. The runtime's parser has refused all other ambiguous
 *   requests.
 */
export function checkHead(request: IncomingMessage, { scheme }: Origin): Asked | Refusal {
  const { rawHeaders, url = "", httpVersionMinor } = request;
  const codings = valuesOf(rawHeaders, "transfer-encoding");
  if (codings.length > 0) {
    const hasTwoLengths = valuesOf(rawHeaders, "content-length").length > 0;
    if (hasTwoLengths || codings.length > 1 || httpVersionMinor === 0) {
      return { status: 400, sentence: "The length of the request can be read in two ways." };
    }
    if (codings[0]?.toLowerCase() !== "chunked") {
      return { status: 501, sentence: "The only Transfer-Encoding that is passed on is chunked." };
    }
  }
  const asked = readTarget(url, valuesOf(rawHeaders, "host"), schemeOf(request.socket));
  if (asked === undefined) return NO_HOST;
  return schemeOf(request.socket) === scheme ? asked : refusePlain(asked);
}

/** Answers the requests of HTTP/1. */
export class RequestHandler {
  readonly #front: Front;
  readonly #turns = new WeakMap<Duplex, Turns>();

  constructor(front: Front) {
    this.#front = front;
  }

  /** True while a request of this connection is being answered. */
  isBusy(socket: Duplex): boolean {
    return this.#turns.get(socket)?.isBusy ?? false;
  }

  /** Answers a request that the runtime has read, when the earlier requests of its connection are answered. */
  take(request: IncomingMessage, answer: ServerResponse): void {
    const { socket } = request;
    const turns = this.#turns.get(socket) ?? { isBusy: false, waiting: [] };
    this.#turns.set(socket, turns);
    const start = () => {
      turns.isBusy = true;
      this.#front.connections.answer(socket);
      answer.once("close", () => this.#next(socket, turns));
      this.#answer(request, answer, this.#logEntry(request, answer)).catch(() => socket.destroy());
    };
    if (!turns.isBusy) start();
    else if (turns.waiting.length < PIPELINED_MOST) turns.waiting.push(start);
    else socket.destroy();
  }

  #logEntry(request: IncomingMessage, answer: ServerResponse): LogEntry | undefined {
    const { method, url, httpVersion, socket } = request;
    const entry = this.#front.log?.begin(socket.remoteAddress, `${method} ${url} HTTP/${httpVersion}`);
    if (entry !== undefined) answer.once("close", () => entry.end(answer.headersSent ? answer.statusCode : undefined));
    return entry;
  }

  #next(socket: Socket, turns: Turns): void {
    turns.isBusy = false;
    if (socket.destroyed) turns.waiting.length = 0;
    const start = turns.waiting.shift();
    if (start !== undefined) start();
    else this.#front.connections.wait(socket);
  }

  async #answer(request: IncomingMessage, answer: ServerResponse, entry: LogEntry | undefined): Promise<void> {
    const asked = checkHead(request, this.#front);
    if ("status" in asked) {
      answer.shouldKeepAlive = false;
      await this.say(request, answer, { ...asked, lists: "nothing" }, entry);
      return;
    }
    await this.#pass({ request, answer, asked, entry });
  }

  async #pass(given: Given, isFirst = true): Promise<void> {
    const { request, answer, asked, entry } = given;
    const { routes, kept } = this.#front;
    const start = performance.now();
    const route = await routes.find(asked, request.method ?? "");
    if (route.kind === "page") {
      await this.say(request, answer, route.page, entry);
      return;
    }
    const { target } = route;
    entry?.goesTo(target);
    const fail = (why: unknown) => void this.say(request, answer, failurePage(target, why), entry);
    const askAgain = () => void this.#pass(given, false).catch(fail);
    try {
      const { socket: client, method, rawHeaders } = request;
      const connection = await kept.connect(target, { client, method, path: asked.path, rawHeaders }, isFirst);
      new Exchange({ ...given, connection, askAgain, fail }).start();
    } catch (error) {
      if (isGone(error) && routes.forget(asked, start)) askAgain();
      else fail(error);
    }
  }

  /** Answers with a page. */
  async say(request: IncomingMessage, answer: ServerResponse, page: PageAnswer, entry?: LogEntry): Promise<void> {
    const bytes = Buffer.from(await renderPage(page, this.#front));
    if (answer.destroyed || answer.headersSent) return;
    const location = page.location === undefined ? {} : { Location: page.location };
    answer.writeHead(page.status, { ...PAGE_FIELDS, ...location, "Content-Length": bytes.length });
    entry?.count(bytes.length);
    answer.write(bytes);
    endAnswer(request, answer);
  }
}

const STATUS_OF_ERROR: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};
const OTHER_VERSION = /^[^\r\n]* HTTP\/(?!1\.[01]\r)\d\.\d\r\n/;

function statusOf(error: Error): number {
  const code = codeOf(error) ?? "";
  const packet = "rawPacket" in error && error.rawPacket instanceof Uint8Array ? error.rawPacket : new Uint8Array();
  const isOtherVersion = OTHER_VERSION.test(Buffer.from(packet).toString("latin1", 0, 8192));
  return STATUS_OF_ERROR[code] ?? (isOtherVersion ? 505 : 400);
}

/** Ends a connection whose bytes are no request of HTTP/1. */
export function refuseConnection(error: Error, socket: Duplex, requests: RequestHandler): void {
  const isReset = codeOf(error) === "ECONNRESET";
  if (isReset || !socket.writable || requests.isBusy(socket)) {
    socket.destroy();
    return;
  }
  const status = statusOf(error);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  const timer = setTimeout(() => socket.destroy(), CLOSING_MS);
  socket.once("close", () => clearTimeout(timer)).once("end", () => socket.destroy()).resume();
}
