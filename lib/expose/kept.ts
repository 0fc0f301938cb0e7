/**
 * Keeps connections to servers for the next request of the same client. No other client uses them, so an answer never
 * reaches another client. A connection is kept only after a whole exchange: a GET without a body, all of its answer by
 * an unambiguous length, and no byte behind that. Any further byte of the server, or its end, drops the connection.
 */
import type { Socket } from "node:net";
import type { Connections } from "./connections.ts";
import type { Target } from "./route.ts";
import { fileOf } from "../sockets/loopbacks.ts";

/** How many a client may have: HTTP/2 has requests to one server at the same time. */
const KEPT_MOST = 8;

/** The end of a head, and of a body in chunks. */
const EMPTY_LINE = new TextEncoder().encode("\r\n\r\n");
/** Bytes of a body's end that are compared. */
const END_SIZE = 64;

function endsWith(bytes: Uint8Array, end: Uint8Array): boolean {
  const at = bytes.length - end.length;
  return at >= 0 && end.every((byte, index) => byte === bytes[at + index]);
}

/** Waits until the runtime has looked once for what has arrived on all connections. */
function lookOnce(): Promise<void> {
  return new Promise((done) => setImmediate(() => setImmediate(done)));
}

/** A connection to a server, which one client uses. */
export class ServerConnection {
  readonly socket: Socket;
  readonly target: Target;
  #isIdle = false;
  #isKept = false;
  #isWhole = false;
  #bytesBefore = 0;
  #received: Uint8Array = new Uint8Array();

  /** @param keep Called when the connection waits for its next request. */
  constructor(socket: Socket, target: Target, keep?: (connection: ServerConnection) => void) {
    this.socket = socket;
    this.target = target;
    if (keep === undefined) return;
    const dropIdle = () => this.#isIdle && socket.destroy();
    socket.on("data", (bytes: Uint8Array) => {
      this.#received = bytes;
      dropIdle();
    });
    socket.on("end", dropIdle).on("error", dropIdle);
    // The runtime reports the end of a whole exchange after which both sides keep the connection.
    socket.on("free", () => {
      if (!this.#isWhole || socket.destroyed || !socket.readable || !socket.writable) return void socket.destroy();
      this.#isIdle = this.#isKept = true;
      this.#bytesBefore = socket.bytesRead;
      keep(this);
    });
  }

  get isIdle(): boolean {
    return this.#isIdle;
  }

  /** True if the server may have closed before it received this request: it has sent nothing since the last one. */
  get mayHaveClosedBefore(): boolean {
    return this.#isKept && this.socket.bytesRead === this.#bytesBefore;
  }

  /**
   * Looks for the start of another message behind an answer: the runtime's parser drops an incomplete one.
   *
   * @param body The last part of the answer's body; undefined: it has none, or is in chunks.
   */
  finish(body: Uint8Array = EMPTY_LINE): void {
    this.#isWhole = endsWith(this.#received, body.subarray(-END_SIZE));
    this.#received = new Uint8Array();
  }

  /** @returns False if the server has ended the connection, or has sent what nobody asked for. */
  async begin(): Promise<boolean> {
    await lookOnce();
    if (!this.#isIdle || this.socket.destroyed || !this.socket.readable) return false;
    this.#isIdle = this.#isWhole = false;
    return true;
  }
}

/** The kept connections of all clients. */
export class KeptConnections {
  readonly #connections: Connections;
  readonly #byClient = new WeakMap<Socket, ServerConnection[]>();

  constructor(connections: Connections) {
    this.#connections = connections;
  }

  /** @param mayKeep Whether the client's later requests may use the new connection, once its exchange is over. */
  own(client: Socket, socket: Socket, target: Target, mayKeep: boolean): ServerConnection {
    if (!mayKeep) return new ServerConnection(socket, target);
    const server = fileOf(target.loopback, target.port);
    socket.once("close", () => this.#connections.useServer(socket));
    return new ServerConnection(socket, target, (connection) => this.#keep(client, server, connection));
  }

  /** @returns The client's kept connection to the server, if there is one that is still good. */
  async take(client: Socket, target: Target): Promise<ServerConnection | undefined> {
    const kept = this.#byClient.get(client);
    const index = kept?.findIndex((one) => one.target === target) ?? -1;
    const [connection] = index < 0 ? [] : kept?.splice(index, 1) ?? [];
    if (connection === undefined) return undefined;
    const isGood = await connection.begin();
    this.#connections.useServer(connection.socket);
    if (!isGood) connection.socket.destroy();
    return isGood ? connection : undefined;
  }

  #keep(client: Socket, server: string, connection: ServerConnection): void {
    if (client.destroyed) return void connection.socket.destroy();
    let kept = this.#byClient.get(client);
    if (kept === undefined) {
      const all: ServerConnection[] = kept = [];
      this.#byClient.set(client, all);
      client.once("close", () => all.splice(0).forEach(({ socket }) => socket.destroy()));
    }
    kept.push(connection);
    if (kept.length > KEPT_MOST) kept.shift()?.socket.destroy();
    this.#connections.keepServer(server, connection.socket);
  }
}
