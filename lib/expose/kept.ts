/**
 * Keeps connections to servers for further requests with the same host name, of any client with the same IP address.
 * Keeps a connection only after a complete exchange: a GET without a body, and an answer with an unambiguous end and no
 * byte after it. If the server then sends a byte or closes, drops the connection. If a request or an answer
 * authenticates a client, only this client may use the connection: NTLM and Negotiate authenticate all later requests
 * of a connection.
 */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { fileOf } from "../sockets/loopbacks.ts";
import type { Connections } from "./connections.ts";
import { hasField, type RawFields } from "./fields.ts";
import { isQuiet } from "./quiet.ts";
import type { Target } from "./route.ts";
import type { Upstreams } from "./upstream.ts";

/** At most this many idle connections are kept for one host name. */
const IDLE_MOST = 64;

/** The end of a head, and of a body in chunks. */
const EMPTY_LINE = new TextEncoder().encode("\r\n\r\n");
/** How many bytes of a body's end are compared with the bytes that the socket received last. */
const END_SIZE = 64;

/** Fields that authenticate a client, in a request or in an answer. */
const AUTHENTICATES = ["authorization", "proxy-authorization", "www-authenticate", "proxy-authenticate"];

/** Fields of a request that has a body, or waits before it sends one. */
const BODY_FIELDS = ["content-length", "transfer-encoding", "expect", "trailer"];
const PLAIN_NAME = /^[a-z0-9-]*$/i;
const PLAIN_VALUE = /^[\t -~]*$/;

/** The parts of a request that decide which connection it uses. */
export interface KeptRequest {
  readonly client: Socket;
  readonly method?: string;
  readonly path: string;
  readonly rawHeaders: RawFields;
}

/**
 * @returns True if a request may be sent twice, and all servers agree where it ends: the request has no body, and no
 *   bytes that some parsers take for the end of a line (0x85) or for a hyphen ("_").
 */
function isPlain({ method, path, rawHeaders }: KeptRequest): boolean {
  if (method !== "GET" || !PLAIN_VALUE.test(path)) return false;
  if (BODY_FIELDS.some((name) => hasField(rawHeaders, name))) return false;
  return rawHeaders.every((text, index) => (index % 2 === 0 ? PLAIN_NAME : PLAIN_VALUE).test(text));
}

function endsWith(bytes: Uint8Array, end: Uint8Array): boolean {
  const at = bytes.length - end.length;
  return at >= 0 && end.every((byte, index) => byte === bytes[at + index]);
}

/** A connection to a server. One request at a time uses it. */
export class ServerConnection {
  readonly socket: Socket;
  readonly target: Target;
  readonly #keep: ((connection: ServerConnection) => void) | undefined;
  /** The only client that may use the connection, or the IP address of all clients that may. */
  #owner: Socket | string | undefined;
  #client: Socket | undefined;
  #turn = 0;
  #isIdle = false;
  #isWhole = false;
  #bytesBefore = 0;
  #received: Uint8Array = new Uint8Array();

  /** @param keep Called when the connection becomes idle. Without it, the connection serves one request only. */
  constructor(socket: Socket, target: Target, keep?: (connection: ServerConnection) => void) {
    this.socket = socket;
    this.target = target;
    this.#keep = keep;
    if (keep === undefined) return;
    const dropIdle = () => this.#isIdle && socket.destroy();
    socket.on("data", (bytes: Uint8Array) => {
      this.#received = bytes;
      dropIdle();
    });
    socket.on("end", dropIdle).on("error", dropIdle);
    // The runtime emits "free" at the end of a complete exchange after which both sides keep the connection.
    socket.on("free", () => {
      this.#turn++;
      const isClean = this.#isWhole && this.#received.length === 0;
      if (!isClean || socket.destroyed || !socket.readable || !socket.writable) return void socket.destroy();
      this.#isIdle = true;
      this.#bytesBefore = socket.bytesRead;
      keep(this);
    });
  }

  /** True if the connection may serve other requests after this one. */
  get mayKeep(): boolean {
    return this.#keep !== undefined;
  }

  get owner(): Socket | string | undefined {
    return this.#owner;
  }

  /** Increases with the end of each exchange. A request that began at a lower number must not touch the connection. */
  get turn(): number {
    return this.#turn;
  }

  /** True if the server has sent nothing since an earlier exchange. So it may have closed before this request. */
  get mayHaveClosedBefore(): boolean {
    return this.#turn > 0 && this.socket.bytesRead === this.#bytesBefore;
  }

  begin({ client, rawHeaders }: KeptRequest): void {
    this.#isIdle = this.#isWhole = false;
    this.#client = client;
    this.#owner ??= client.remoteAddress ?? client;
    this.#authenticate(client, rawHeaders);
  }

  /**
   * If these fields authenticate the client, reserves the connection for this client, and closes the connection when
   * the client's connection closes.
   */
  #authenticate(client: Socket | undefined, rawHeaders: RawFields): void {
    const isAuthenticated = AUTHENTICATES.some((name) => hasField(rawHeaders, name));
    if (!isAuthenticated || client === undefined || client === this.#owner) return;
    this.#owner = client;
    const end = () => this.socket.destroy();
    client.setMaxListeners(0).once("close", end); // one listener for each request: HTTP/2 has many at once
    this.socket.once("close", () => client.removeListener("close", end));
  }

  /** Follows an answer to its end. Notes whether other bytes came with the end: the runtime may hide them. */
  follow(response: IncomingMessage): void {
    if (this.#keep === undefined) return;
    const { rawHeaders } = response;
    this.#authenticate(this.#client, rawHeaders);
    let last = EMPTY_LINE;
    const isChunked = hasField(rawHeaders, "transfer-encoding");
    if (!isChunked) response.on("data", (chunk: Uint8Array<ArrayBuffer>) => last = chunk);
    response.on("end", () => {
      this.#isWhole = endsWith(this.#received, last.subarray(-END_SIZE));
      this.#received = new Uint8Array();
    });
  }

  /** Begins one more exchange. Returns false if the server has closed the connection or sent unexpected bytes. */
  beginAgain(request: KeptRequest): boolean {
    if (!this.#isIdle || this.socket.destroyed || !this.socket.readable || !isQuiet(this.socket)) return false;
    this.begin(request);
    return true;
  }
}

/** The kept connections to HTTP/1 servers. */
export class KeptConnections {
  readonly #connections: Connections;
  readonly #upstreams: Upstreams;
  /** The idle connections of each target, the longest idle first. */
  readonly #idle = new WeakMap<Target, ServerConnection[]>();

  constructor(connections: Connections, upstreams: Upstreams) {
    this.#connections = connections;
    this.#upstreams = upstreams;
  }

  /**
   * @param isFirst False if the request is sent again. It then gets a new connection.
   * @returns An idle connection, or a new one. An idle connection that the request cannot use is closed first: some
   *   servers serve one connection at a time.
   * @throws {Error} With the errno's name as `code` if the server cannot be reached.
   */
  async connect(target: Target, request: KeptRequest, isFirst = true): Promise<ServerConnection> {
    const waiting = this.#take(request.client, target);
    const mayKeep = isPlain(request);
    if (waiting !== undefined) {
      this.#connections.useServer(waiting.socket);
      if (mayKeep && isFirst && waiting.beginAgain(request)) return waiting;
      waiting.socket.destroy();
    }
    const connection = this.#own(await this.#upstreams.connect(target), target, mayKeep);
    connection.begin(request);
    return connection;
  }

  #own(socket: Socket, target: Target, mayKeep: boolean): ServerConnection {
    if (!mayKeep) return new ServerConnection(socket, target);
    const connection = new ServerConnection(socket, target, (one) => this.#keep(one));
    socket.once("close", () => {
      this.#connections.useServer(socket);
      const idle = this.#idle.get(target) ?? [];
      const at = idle.indexOf(connection);
      if (at >= 0) idle.splice(at, 1);
    });
    return connection;
  }

  /** Takes the last used of the idle connections reserved for this client, else of those for its whole address. */
  #take(client: Socket, target: Target): ServerConnection | undefined {
    const idle = this.#idle.get(target);
    if (idle === undefined || idle.length === 0) return undefined;
    const last = (wanted: Socket | string | undefined) => idle.findLastIndex(({ owner }) => owner === wanted);
    const own = last(client);
    const at = own >= 0 ? own : last(client.remoteAddress);
    return at < 0 ? undefined : idle.splice(at, 1)[0];
  }

  #keep(connection: ServerConnection): void {
    const { target, socket } = connection;
    const idle = this.#idle.get(target) ?? [];
    this.#idle.set(target, idle);
    idle.push(connection);
    if (idle.length > IDLE_MOST) idle.shift()?.socket.destroy();
    this.#connections.keepServer(fileOf(target.loopback, target.port), socket);
  }
}
