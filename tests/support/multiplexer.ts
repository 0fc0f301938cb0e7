/**
 * A Firecracker-style multiplexer: the Unix socket by which a host reaches the vsock ports of its guest. It behaves as
 * Firecracker's, in src/vmm/src/devices/virtio/vsock: the CONNECT line is read by `read_local_stream_port` and a
 * request that the guest refuses ends in a reset, by which the stream is closed (`recv_pkt`, unix/muxer.rs); a guest that
 * does not answer is given up after `CONN_REQUEST_TIMEOUT_MS`, 2 s (csm/mod.rs, `defs`), as soon as another connection is
 * added (`sweep_killq`, called by `add_connection`, unix/muxer.rs): here at once, as if one were; and the end of what the
 * host sends is the end of the connection: `recv_pkt` makes a read of 0 bytes a shutdown of both sides, "We can neither
 * send nor receive any more data" (csm/connection.rs). Its limit of connections (`MAX_CONNECTIONS`, unix/mod.rs) and its
 * flow control are in tests/machines/host, which has a guest's packets.
 */

/** Firecracker's first answer: the host-side port that it invented for the connection. */
const OK = "OK 1073741824\n";

/**
 * The longest CONNECT line, in bytes. Firecracker reads the line byte by byte, and closes if one is not there yet; here
 * one read is as strict.
 */
const LINE_SIZE = 32;

/**
 * How it answers a CONNECT line:
 * - faithful: as Firecracker does. It connects to the guest's server, says OK and relays; without a server it closes.
 * - refusing: closes without a word, whatever the port.
 * - eager: OK and the given text in one write, then an echo of the first that comes, and the end.
 * - resetting: closes with the line half read, which resets the connection.
 * - silent: never says anything and never closes: the whole hypervisor stands still.
 * - standing: the guest stands still. It closes when the time for a request is up.
 * - slow: faithful, but the OK line goes out byte by byte.
 * - trickling: a line of digits that takes its time, one digit every 100 ms.
 * - saying: the given text, then silence.
 * - cut: the given text, then the end of the connection.
 */
export type Behaviour =
  | { kind: "faithful" | "slow"; guest: (port: number) => Promise<Deno.Conn> }
  | { kind: "refusing" | "resetting" | "silent" | "standing" | "trickling" }
  | { kind: "eager" | "saying" | "cut"; text: string };

const TRICKLE_MS = 100;
const REQUEST_TIMEOUT_MS = 2000;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A running multiplexer. Hold it with `await using`. */
export class Multiplexer implements AsyncDisposable {
  /** The results of its reads of the CONNECT line, in order. */
  readonly requests: string[] = [];
  readonly #listener: Deno.Listener;
  readonly #behaviour: Behaviour;
  readonly #connections = new Set<Deno.Conn>();
  readonly #running: Promise<void>;
  #closed = false;

  /**
   * @param path The Unix socket that it listens at.
   * @param behaviour How it answers.
   */
  constructor(path: string, behaviour: Behaviour) {
    this.#listener = Deno.listen({ transport: "unix", path });
    this.#behaviour = behaviour;
    this.#running = this.#serve();
  }

  /** Ends all connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#listener.close();
    for (const connection of this.#connections) close(connection);
    await this.#running;
  }

  async #serve(): Promise<void> {
    const handled: Promise<void>[] = [];
    for await (const connection of this.#listener) {
      this.#connections.add(connection);
      handled.push(this.#handle(connection));
    }
    await Promise.all(handled);
  }

  async #handle(connection: Deno.Conn): Promise<void> {
    try {
      const buffer = new Uint8Array(this.#behaviour.kind === "resetting" ? 1 : LINE_SIZE);
      const length = await connection.read(buffer) ?? 0;
      const request = decoder.decode(buffer.subarray(0, length));
      this.requests.push(request);
      const port = /^CONNECT (\d+)\n$/.exec(request)?.[1];
      if (port !== undefined) await this.#answer(connection, Number(port));
      close(connection);
    } catch (error) {
      // The client may go at any time, and so may the multiplexer.
      close(connection);
      if (!this.#closed && !isDisconnect(error)) throw error;
    }
  }

  async #answer(connection: Deno.Conn, port: number): Promise<void> {
    const behaviour = this.#behaviour;
    switch (behaviour.kind) {
      case "faithful":
      case "slow":
        return await this.#relay(connection, await behaviour.guest(port), behaviour.kind === "slow");
      case "refusing":
      case "resetting":
        return;
      case "eager":
        await writeAll(connection, encoder.encode(OK + behaviour.text));
        return await echo(connection);
      case "silent":
        return await untilClosed(connection);
      case "standing":
        return await new Promise((resolve) => setTimeout(resolve, REQUEST_TIMEOUT_MS));
      case "trickling":
        return await trickle(connection);
      case "saying":
        await writeAll(connection, encoder.encode(behaviour.text));
        return await untilClosed(connection);
      case "cut":
        return await writeAll(connection, encoder.encode(behaviour.text));
    }
  }

  async #relay(connection: Deno.Conn, guest: Deno.Conn, slowly: boolean): Promise<void> {
    this.#connections.add(guest);
    try {
      for (const piece of slowly ? OK : [OK]) {
        await writeAll(connection, encoder.encode(piece));
        await pause();
      }
      const both = [copy(connection, guest), copy(guest, connection)];
      await Promise.race(both).finally(() => (close(guest), close(connection)));
      await Promise.allSettled(both);
    } finally {
      close(guest);
    }
  }
}

/**
 * The guest whose servers are under unsock: its ports are socket files.
 *
 * @param directory Their UNSOCK_DIR.
 * @returns A function that connects to a port, for a Behaviour.
 */
export function guestIn(directory: string): (port: number) => Promise<Deno.Conn> {
  return (port) => Deno.connect({ transport: "unix", path: `${directory}/${port}.sock` });
}

async function echo(connection: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(1024);
  const length = await connection.read(buffer);
  if (length !== null) await writeAll(connection, buffer.subarray(0, length));
}

/** Passes on all bytes, then the end. */
async function copy(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(65536);
  try {
    for (let length; (length = await from.read(buffer)) !== null;) await writeAll(to, buffer.subarray(0, length));
  } finally {
    await to.closeWrite().catch(() => {});
  }
}

async function trickle(connection: Deno.Conn): Promise<void> {
  await writeAll(connection, encoder.encode("OK "));
  while (true) {
    await writeAll(connection, encoder.encode("1"));
    await new Promise((resolve) => setTimeout(resolve, TRICKLE_MS));
  }
}

async function untilClosed(connection: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(1024);
  while (await connection.read(buffer) !== null);
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  while (bytes.length > 0) bytes = bytes.subarray(await connection.write(bytes));
}

/** Long enough for the other side to be scheduled, so that it really sees the pieces. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2));
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}

function isDisconnect(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionRefused || error instanceof Deno.errors.NotFound ||
    error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted ||
    error instanceof Deno.errors.NotConnected;
}
