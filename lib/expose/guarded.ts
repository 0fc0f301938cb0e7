/**
 * A client's connection as the HTTP/2 server reads it. A flood of frames ends it. If a client opens many streams at
 * once, some wait until other connections have had a turn.
 */
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { FloodWatch } from "./frames.ts";

type Done = (error?: Error | null) => void;

/** Passes bytes both ways, unless they are a flood. */
export class Guarded extends Duplex {
  readonly #socket: Socket;
  readonly #watch = new FloodWatch();
  /** Bytes from the client that wait for their turn. */
  #waiting: Uint8Array | undefined;

  constructor(socket: Socket) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    socket.on("data", (bytes: Uint8Array) => {
      this.#waiting = bytes;
      socket.pause();
      this.#pass();
    });
    socket.on("end", () => this.push(null));
    socket.on("error", () => this.destroy());
    socket.on("close", () => this.destroy());
    socket.pause();
  }

  /** Passes on as many bytes as may pass now; passes on the rest after the other connections' turn. */
  #pass(): void {
    const bytes = this.#waiting;
    if (bytes === undefined || this.destroyed) return;
    const count = this.#watch.readClient(bytes);
    if (this.#endsFlood()) return;
    this.#waiting = count < bytes.length ? bytes.subarray(count) : undefined;
    const hasRoom = this.push(bytes.subarray(0, count));
    if (this.#waiting !== undefined) setImmediate(() => this.#pass());
    else if (hasRoom) this.#socket.resume();
  }

  #endsFlood(): boolean {
    if (this.#watch.why === undefined) return false;
    this.destroy();
    return true;
  }

  override _read(): void {
    if (this.#waiting === undefined) this.#socket.resume();
  }

  override _write(bytes: Uint8Array, _encoding: BufferEncoding, done: Done): void {
    this.#watch.readServer(bytes);
    if (!this.#endsFlood()) this.#socket.write(bytes, done);
  }

  override _final(done: Done): void {
    this.#socket.end(() => done());
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#waiting = undefined;
    this.#socket.destroy();
    done(error);
  }
}
