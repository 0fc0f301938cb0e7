/**
 * Counts the connections from clients and to servers, and limits their number: each takes a descriptor. At the limit,
 * closes an idle connection to a server. If none is idle, closes the client's connection that has waited longest for a
 * request, so that slow clients never lock others out. A client waits before its first byte, in the middle of a
 * request's head, and between requests. If no client waits, the new client gets a 503. Only 64 clients at a time get a
 * 503; the connections of further clients are closed without an answer.
 */
import type { Socket } from "node:net";
import { descriptorLimit } from "../system/descriptors.ts";

const WAITING_MOST = 512;
const SILENT_MS = 10_000;
/**
 * Descriptors left free for files, relays and new connections. Deno accepts up to 128 connections in a row, and only
 * then closes destroyed ones.
 */
const DESCRIPTORS_KEPT = 256;
const CONNECTIONS_MOST = 32_768;
/** The share of all connections that may go to one server. A server and its clients together may use half of them. */
const SERVER_SHARE = 1 / 4;
/** The most clients at a time that get a 503 because there are too many connections. */
const REFUSED_MOST = 64;
const REFUSED_MS = 500;
/** The most open HTTP/2 streams of all clients together. */
const STREAMS_MOST = 4_096;
/** How long a connection to a server may be idle. An idle one blocks a server that serves one connection at a time. */
const KEPT_MS = 1_000;
const TOO_MANY = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";

/** @returns How many connections a process with this limit of descriptors may have. */
function connectionsWithin(descriptors: number): number {
  return Math.min(Math.max(descriptors - DESCRIPTORS_KEPT, Math.floor(descriptors / 4)), CONNECTIONS_MOST);
}

interface IdleServer {
  readonly server: string;
  /** When the connection became idle, in milliseconds of `performance.now()`. */
  readonly since: number;
}

/** All connections from clients and to servers. */
export class Connections {
  readonly #most = connectionsWithin(descriptorLimit());
  readonly #clients = new Set<Socket>();
  readonly #refused = new Set<Socket>();
  /** Clients' connections that wait for a request, in the order in which they began to wait. */
  readonly #waiting = new Set<Socket>();
  readonly #servers = new Map<string, number>();
  /** Idle connections to servers, the longest idle first. */
  readonly #idleServers = new Map<Socket, IdleServer>();
  #isLooking = false;
  #streams = 0;
  #accepted = 0;
  #serverCount = 0;

  /** The number of clients' connections accepted so far, including those that were refused. */
  get accepted(): number {
    return this.#accepted;
  }

  get #isFull(): boolean {
    return this.#clients.size + this.#serverCount + this.#refused.size >= this.#most;
  }

  /** @returns False if there is no room for a client's new connection. Otherwise counts the connection as waiting. */
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
   * Counts a connection to a server until `leaveServer`. Each server may have a quarter of all connections, so that a
   * slow server leaves room for others.
   *
   * @param server The path of the server's socket file.
   * @returns False if there is no room for one more connection to this server.
   */
  enterServer(server: string): boolean {
    const count = this.#servers.get(server) ?? 0;
    if (count >= this.#most * SERVER_SHARE && !this.#dropIdle(server)) return false;
    if (this.#isFull && !this.#makeRoom()) return false;
    this.#servers.set(server, count + 1);
    this.#serverCount++;
    return true;
  }

  /** Stops counting one connection to the server: the connection was closed, or was not made. */
  leaveServer(server: string): void {
    const count = this.#servers.get(server) ?? 0;
    if (count > 1) this.#servers.set(server, count - 1);
    else this.#servers.delete(server);
    this.#serverCount--;
  }

  /** @returns True if there is room for one more stream of HTTP/2, which counts until `leaveStream`. */
  enterStream(): boolean {
    if (this.#streams >= STREAMS_MOST) return false;
    this.#streams++;
    return true;
  }

  leaveStream(): void {
    this.#streams--;
  }

  /** Marks a connection to a server as idle. It is closed after about a second, unless a request uses it. */
  keepServer(server: string, socket: Socket): void {
    this.#idleServers.set(socket, { server, since: performance.now() });
    this.#lookLater();
  }

  /** Marks a connection to a server as no longer idle. */
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

  /** Closes the longest idle connection to this server, or to any server. Returns false if there is none. */
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

  /** Counts `inner`, the decrypted side of the TLS connection `socket`, instead of `socket`. */
  replace(socket: Socket, inner: Socket): void {
    this.#forget(socket);
    this.#admit(inner);
  }

  /** Marks a client's connection as one that waits for a request. */
  wait(socket: Socket): void {
    if (!this.#clients.has(socket)) return;
    this.#waiting.delete(socket);
    this.#waiting.add(socket);
    if (this.#waiting.size > WAITING_MOST) this.#closeOldest();
  }

  /** Marks a client's connection as one that has a request. */
  answer(socket: Socket): void {
    this.#waiting.delete(socket);
  }

  #forget(socket: Socket): void {
    this.#clients.delete(socket);
    this.#waiting.delete(socket);
  }

  /** Closes an idle connection to a server, else a waiting client's connection. Returns false if there is neither. */
  #makeRoom(): boolean {
    return this.#dropIdle() || this.#closeOldest();
  }

  /** Closes the client's connection that has waited longest. Forgets it at once, as "close" is emitted much later. */
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
 * Reads a connection's first bytes until they determine its protocol. Closes a connection that takes too long to send
 * them.
 *
 * @param protocolOf Returns the protocol, or undefined if it needs more bytes.
 * @param decide Called once with the protocol, after the bytes were put back into the socket.
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
