/**
 * Limits the clients' connections to as many as this process can hold. A connection waits before its first byte, until
 * a head is complete, and between two requests. If too many wait, the one that has waited longest is closed, so that
 * slow clients never lock others out.
 */
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";

const WAITING_MOST = 512;
const SILENT_MS = 10_000;
/** A request has a connection on each side; the rest is for files and relays. */
const DESCRIPTORS_PER_CLIENT = 2;
const DESCRIPTORS_KEPT = 64;
const CLIENTS_MOST = 16_384;
const FEW_DESCRIPTORS = 1024;

/** Returns how many descriptors this process may have. */
function descriptorLimit(): number {
  try {
    const text = readFileSync("/proc/self/limits", "utf8");
    return Number(/^Max open files +(\d+)/m.exec(text)?.[1] ?? FEW_DESCRIPTORS);
  } catch {
    return FEW_DESCRIPTORS; // without /proc
  }
}

/** All connections of clients. */
export class Connections {
  readonly #most = Math.min(Math.floor((descriptorLimit() - DESCRIPTORS_KEPT) / DESCRIPTORS_PER_CLIENT), CLIENTS_MOST);
  readonly #all = new Set<Socket>();
  /** In the order in which they began to wait. */
  readonly #waiting = new Set<Socket>();

  /** Adds a new connection, which waits for its first request. */
  enter(socket: Socket): void {
    this.#all.add(socket);
    socket.once("close", () => {
      this.#all.delete(socket);
      this.#waiting.delete(socket);
    });
    this.wait(socket);
    if (this.#all.size > this.#most) this.#closeOldest();
  }

  /** Counts `inner`, which carries the data of a connection after TLS, in the place of that connection. */
  replace(socket: Socket, inner: Socket): void {
    this.#all.delete(socket);
    this.#waiting.delete(socket);
    this.enter(inner);
  }

  /** Marks a connection as one that waits for a request. */
  wait(socket: Socket): void {
    if (socket.destroyed) return;
    this.#waiting.delete(socket);
    this.#waiting.add(socket);
    if (this.#waiting.size > WAITING_MOST) this.#closeOldest();
  }

  /** Marks a connection as one that has a request. */
  answer(socket: Socket): void {
    this.#waiting.delete(socket);
  }

  #closeOldest(): void {
    const [oldest] = this.#waiting;
    oldest?.destroy();
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
