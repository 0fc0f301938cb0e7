/**
 * Limits the connections to as many as this process can hold: those of clients, and those to servers. A client's
 * connection waits before its first byte, until a head is complete, and between two requests. If there are too many,
 * the one that has waited longest is closed, so that slow clients never lock others out. If none waits, the newest gets
 * 503. Before that, connections to servers are closed that only wait for their client's next request.
 */
import type { Socket } from "node:net";
import { descriptorLimit } from "../system/descriptors.ts";

const WAITING_MOST = 512;
const SILENT_MS = 10_000;
/** For files and relays, and for what Deno accepts (up to 128) before it closes what has been closed here. */
const DESCRIPTORS_KEPT = 256;
const CONNECTIONS_MOST = 32_768;
/** The part of all connections that those to one server may be: with their clients' they are at most half. */
const SERVER_SHARE = 1 / 4;
/** The most connections at a time that get a 503, as there are too many. */
const REFUSED_MOST = 64;
const REFUSED_MS = 500;
/** Open streams of all clients of HTTP/2. */
const STREAMS_MOST = 4_096;
/** A server that serves one connection at a time waits so long for the next client at most. */
const KEPT_MS = 1_000;
const TOO_MANY = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";

/** @returns How many connections a process may have whose limit is so many descriptors. */
function connectionsWithin(descriptors: number): number {
  return Math.min(Math.max(descriptors - DESCRIPTORS_KEPT, Math.floor(descriptors / 4)), CONNECTIONS_MOST);
}

/** A connection to a server that waits. */
interface IdleServer {
  readonly server: string;
  /** In milliseconds, by the clock of `performance.now()`. */
  readonly since: number;
}

/** All connections of clients and to servers. */
export class Connections {
  readonly #most = connectionsWithin(descriptorLimit());
  readonly #clients = new Set<Socket>();
  readonly #refused = new Set<Socket>();
  /** In the order in which they began to wait. */
  readonly #waiting = new Set<Socket>();
  /** How many connections each server has. */
  readonly #servers = new Map<string, number>();
  /** Kept connections to servers that wait for a request, the one that has waited longest first. */
  readonly #idleServers = new Map<Socket, IdleServer>();
  #isLooking = false;
  #streams = 0;
  #accepted = 0;
  #serverCount = 0;

  /** How many clients have come so far. */
  get accepted(): number {
    return this.#accepted;
  }

  get #isFull(): boolean {
    return this.#clients.size + this.#serverCount + this.#refused.size >= this.#most;
  }

  /** @returns True if there is room for a new connection, which then waits for its first request. */
  enter(socket: Socket): boolean {
    this.#accepted++;
    if (this.#isFull && !this.#makeRoom()) {
      this.#refuse(socket);
      return false;
    }
    this.#admit(socket);
    return true;
  }

  #admit(socket: Socket): void {
    if (socket.destroyed) return;
    this.#clients.add(socket);
    socket.once("close", () => this.#forget(socket));
    this.wait(socket);
  }

  /**
   * @param server The path of its socket file. A server that answers slowly takes no room from the others.
   * @returns True if there is room for one more connection to this server, which counts until `leaveServer`.
   */
  enterServer(server: string): boolean {
    const count = this.#servers.get(server) ?? 0;
    if (count >= this.#most * SERVER_SHARE && !this.#dropIdle(server)) return false;
    if (this.#isFull && !this.#makeRoom()) return false;
    this.#servers.set(server, count + 1);
    this.#serverCount++;
    return true;
  }

  /** A connection to a server is closed, or was not made. */
  leaveServer(server: string): void {
    const count = this.#servers.get(server) ?? 0;
    if (count > 1) this.#servers.set(server, count - 1);
    else this.#servers.delete(server);
    this.#serverCount--;
  }

  /** @returns True if there is room for one more stream of HTTP/2. It is counted until `leaveStream`. */
  enterStream(): boolean {
    if (this.#streams >= STREAMS_MOST) return false;
    this.#streams++;
    return true;
  }

  /** A stream is closed. */
  leaveStream(): void {
    this.#streams--;
  }

  /** Marks a connection to a server as one that waits for a request, for a second at most. */
  keepServer(server: string, socket: Socket): void {
    this.#idleServers.set(socket, { server, since: performance.now() });
    this.#lookLater();
  }

  /** Marks a connection to a server as one that has a request. */
  useServer(socket: Socket): void {
    this.#idleServers.delete(socket);
  }

  #lookLater(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    setTimeout(() => {
      this.#isLooking = false;
      const before = performance.now() - KEPT_MS;
      for (const [socket, { since }] of this.#idleServers) {
        if (since > before) break;
        this.#dropServer(socket);
      }
      if (this.#idleServers.size > 0) this.#lookLater();
    }, KEPT_MS / 4);
  }

  /** Closes the connection to this server, or to any, that has waited longest. Returns false if there is none. */
  #dropIdle(wanted?: string): boolean {
    for (const [socket, { server }] of this.#idleServers) {
      if (wanted !== undefined && server !== wanted) continue;
      this.#dropServer(socket);
      return true;
    }
    return false;
  }

  #dropServer(socket: Socket): void {
    this.#idleServers.delete(socket);
    socket.destroy();
  }

  /** Counts `inner`, which carries the data of a connection after TLS, in the place of that connection. */
  replace(socket: Socket, inner: Socket): void {
    this.#forget(socket);
    this.#admit(inner);
  }

  /** Marks a connection as one that waits for a request. */
  wait(socket: Socket): void {
    if (!this.#clients.has(socket)) return;
    this.#waiting.delete(socket);
    this.#waiting.add(socket);
    if (this.#waiting.size > WAITING_MOST) this.#closeOldest();
  }

  /** Marks a connection as one that has a request. */
  answer(socket: Socket): void {
    this.#waiting.delete(socket);
  }

  #forget(socket: Socket): void {
    this.#clients.delete(socket);
    this.#waiting.delete(socket);
  }

  /** Closes a connection that has no request. */
  #makeRoom(): boolean {
    return this.#dropIdle() || this.#closeOldest();
  }

  /** Closes the client's connection that has waited longest. It is forgotten at once: "close" comes much later. */
  #closeOldest(): boolean {
    const [oldest] = this.#waiting;
    if (oldest === undefined) return false;
    this.#forget(oldest);
    oldest.destroy();
    return true;
  }

  #refuse(socket: Socket): void {
    if (this.#refused.size >= REFUSED_MOST) {
      socket.destroy();
      return;
    }
    this.#refused.add(socket);
    const timer = setTimeout(() => socket.destroy(), REFUSED_MS);
    socket.once("close", () => {
      clearTimeout(timer);
      this.#refused.delete(socket);
    });
    socket.once("end", () => socket.destroy()).resume().end(TOO_MANY);
  }
}

/**
 * Reads a connection's first bytes until they are certain to begin one protocol. Closes a connection that sends too
 * little for too long.
 *
 * @param protocolOf Returns undefined if it needs more bytes.
 * @param decide Called once with the result, when the bytes read are back in the socket.
 */
export function lookAtBeginning<P>(
  socket: Socket,
  protocolOf: (bytes: Buffer) => P | undefined,
  decide: (protocol: P) => void,
): void {
  const chunks: Uint8Array[] = [];
  const timer = setTimeout(() => socket.destroy(), SILENT_MS);
  socket.once("close", () => clearTimeout(timer));
  const look = () => {
    const chunk: Uint8Array | null = socket.read();
    if (chunk === null) return;
    chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const protocol = protocolOf(bytes);
    if (protocol === undefined) return;
    clearTimeout(timer);
    socket.removeListener("readable", look);
    socket.unshift(bytes);
    decide(protocol);
  };
  socket.on("readable", look);
}
