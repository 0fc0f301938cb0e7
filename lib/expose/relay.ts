/**
 * Connects to ports whose file is a control file. Only the library can follow a control file (to vsock, TIPC,
 * Firecracker's multiplexer, another socket). So the first request for such a port starts a relay, `libunsock.so expose
 * PORT=0`. The relay ends when its standard input closes: a minute after its last connection, and when this process
 * ends.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";

const IDLE_MS = 60_000;
const OUTPUT_MOST = 4096;

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

interface Relay {
  readonly child: Child;
  readonly port: Promise<number>;
  users: number;
  idle: ReturnType<typeof setTimeout> | undefined;
}

/** Waits for the relay's line `127.0.0.1:PORT leads to FILE`, and reads the port from it. */
function readPort(child: Child): Promise<number> {
  return new Promise((resolve, reject) => {
    let [output, errors] = ["", ""];
    child.stdout.on("data", (bytes: Uint8Array) => {
      if (output.length < OUTPUT_MOST) output += new TextDecoder().decode(bytes);
      const port = /:(\d+) leads to [^\n]*\n/.exec(output)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
    child.stderr.on("data", (bytes: Uint8Array) => {
      if (errors.length < OUTPUT_MOST) errors += new TextDecoder().decode(bytes);
    });
    child.on("error", reject);
    child.on("close", () => reject(new Error(errors.trim() || "the relay ended")));
  });
}

/** The running relays. */
export class ControlRelays {
  readonly #library: string;
  readonly #running = new Map<string, Relay>();

  /** @param library The path of `libunsock.so`. */
  constructor(library: string) {
    this.#library = library;
  }

  /** Connects to the target of the port's control file by a relay. `connect` connects to the relay's TCP port. */
  async connect(directory: string, port: number, connect: (port: number) => Promise<Socket>): Promise<Socket> {
    const key = `${port} ${directory}`;
    const relay = this.#running.get(key) ?? this.#start(key, directory, port);
    clearTimeout(relay.idle);
    relay.users++;
    const leave = () => this.#leave(key, relay);
    try {
      const socket = await connect(await relay.port);
      socket.once("close", leave);
      return socket;
    } catch (error) {
      leave();
      throw error;
    }
  }

  #start(key: string, directory: string, port: number): Relay {
    const words = ["expose", "--until-eof", "--dir", directory, `${port}=0`];
    const child = spawn(this.#library, words, { stdio: ["pipe", "pipe", "pipe"] });
    child.stdin.on("error", () => {}); // the relay has ended: "close" follows
    const relay: Relay = { child, port: readPort(child), users: 0, idle: undefined };
    child.on("close", () => this.#forget(key, relay));
    this.#running.set(key, relay);
    return relay;
  }

  #leave(key: string, relay: Relay): void {
    relay.users--;
    if (relay.users > 0) return;
    relay.idle = setTimeout(() => {
      this.#forget(key, relay);
      relay.child.stdin.end();
    }, IDLE_MS);
  }

  #forget(key: string, relay: Relay): void {
    clearTimeout(relay.idle);
    if (this.#running.get(key) === relay) this.#running.delete(key);
  }
}
