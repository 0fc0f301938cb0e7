/**
 * Connects to servers. If a server answers before it has read all of a request, and closes, the next write fails. A
 * runtime's socket would then drop the part of the answer that is still unread. So such a write counts as done here,
 * and the socket keeps reading until the server's end.
 */
import { Socket } from "node:net";
import { fileOf, isControlFile } from "../sockets/loopbacks.ts";
import { codeOf } from "../system/errors.ts";
import type { Connections } from "./connections.ts";
import { ControlRelays } from "./relay.ts";
import type { Target } from "./route.ts";

const AGAIN_MS = 10;
/** How long a connect waits for a server whose backlog is full. */
const PATIENCE_MS = 10_000;
const PEER_GONE: readonly unknown[] = ["EPIPE", "ECONNRESET"];

type WriteDone = (error?: Error | null) => void;

/**
 * A socket that can be read to its end even if the peer takes no more bytes. `destroy` waits for the end of a shutdown:
 * otherwise Deno 2.9 never frees the socket and all that its listeners refer to.
 */
class ReadableToTheEnd extends Socket {
  #isShuttingDown = false;
  #destroyNow: (() => void) | undefined;

  constructor() {
    super({ allowHalfOpen: true });
  }

  override _final(done: WriteDone): void {
    this.#isShuttingDown = true;
    super._final((error) => {
      this.#isShuttingDown = false;
      done(error);
      this.#destroyNow?.();
    });
  }

  override _destroy(error: Error | null, done: WriteDone): void {
    this.#destroyNow = () => {
      this.#destroyNow = undefined;
      super._destroy(error, done);
    };
    if (!this.#isShuttingDown) this.#destroyNow();
  }

  #hearsOnly(done: WriteDone): WriteDone {
    return (error) => done(PEER_GONE.includes(codeOf(error)) ? null : error);
  }

  override _write(chunk: unknown, encoding: BufferEncoding, done: WriteDone): void {
    super._write(chunk, encoding, this.#hearsOnly(done));
  }

  override _writev(chunks: { chunk: unknown; encoding: BufferEncoding }[], done: WriteDone): void {
    super._writev?.(chunks, this.#hearsOnly(done));
  }
}

function connected(socket: Socket): Promise<Socket> {
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.removeListener("error", reject);
      resolve(socket);
    });
  });
}

/** Connects to a Unix socket. If the server's backlog is full, tries again for ten seconds. */
async function connectUnix(path: string): Promise<Socket> {
  for (const deadline = Date.now() + PATIENCE_MS;;) {
    try {
      return await connected(new ReadableToTheEnd().connect({ path }));
    } catch (error) {
      if (codeOf(error) !== "EAGAIN" || Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

function connectTcp(port: number): Promise<Socket> {
  return connected(new ReadableToTheEnd().setNoDelay(true).connect({ host: "127.0.0.1", port }));
}

/** Connects to the servers of loopbacks. */
export class Upstreams {
  readonly #connections: Connections;
  readonly #relays: ControlRelays;

  /** @param library The path of `libunsock.so`. */
  constructor(library: string, connections: Connections) {
    this.#connections = connections;
    this.#relays = new ControlRelays(library);
  }

  /**
   * @returns A connected socket.
   * @throws {Error} With the errno's name as `code` if the server cannot be reached.
   */
  async connect(target: Target): Promise<Socket> {
    const server = fileOf(target.loopback, target.port);
    if (!this.#connections.enterServer(server)) {
      throw Object.assign(new Error("too many connections"), { code: "EMFILE" });
    }
    const leave = () => this.#connections.leaveServer(server);
    try {
      const socket = await this.#connect(target);
      return socket.once("close", leave);
    } catch (error) {
      leave();
      throw error;
    }
  }

  async #connect({ loopback, port }: Target): Promise<Socket> {
    const file = fileOf(loopback, port);
    try {
      return await connectUnix(file);
    } catch (error) {
      if (codeOf(error) !== "ECONNREFUSED" || !isControlFile(file, loopback.path)) throw error;
    }
    return await this.#relays.connect(loopback.path, port, connectTcp);
  }
}
