/** Passes each connection to the reader of its protocol, by its first bytes: TLS, HTTP/2 or HTTP/1. */
import type { Server } from "node:http";
import type { Socket } from "node:net";
import { lookAtBeginning } from "./connections.ts";
import type { Front } from "./parts.ts";
import { createStreamReader } from "./streams.ts";

/** The first bytes from an HTTP/2 client. */
const HTTP2_PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/** How many bytes of the preface distinguish it from every HTTP/1 request. */
const HTTP2_LEAST = 4;
/** The first byte of a TLS handshake, and of no request. */
const TLS_HANDSHAKE = 0x16;
/** How long the head of a TLS record is. Its last two bytes are the length of the rest. */
const TLS_HEAD = 5;
/** A TLS record with the fatal alert protocol_version: the port serves no version of TLS. */
const TLS_ALERT = Uint8Array.of(0x15, 3, 1, 0, 2, 2, 70);
const WARNING_MS = 60_000;

type Protocol = "tls" | "http2" | "http1";

/**
 * @returns The protocol of a connection with these first bytes, or undefined if more bytes are needed. If the front
 *   serves HTTPS, more bytes are needed until the first record of a TLS handshake is complete. So a client that sends
 *   only a part of the record does not start the costly handshake.
 */
export function protocolOf(bytes: Buffer, isSecure: boolean): Protocol | undefined {
  if (bytes[0] === TLS_HANDSHAKE) {
    const isWhole = bytes.length >= TLS_HEAD && bytes.length - TLS_HEAD >= bytes.readUInt16BE(TLS_HEAD - 2);
    return isWhole || !isSecure ? "tls" : undefined;
  }
  if (!HTTP2_PREFACE.startsWith(bytes.toString("latin1", 0, HTTP2_PREFACE.length))) return "http1";
  return bytes.length < HTTP2_LEAST ? undefined : "http2";
}

/** Refuses TLS at a port that serves HTTP. A TLS message cannot carry text to the user, so the front prints a line. */
class TlsRefusal {
  readonly #front: Front;
  #warned = -Infinity;

  constructor(front: Front) {
    this.#front = front;
  }

  take(socket: Socket): void {
    socket.end(TLS_ALERT);
    socket.on("data", () => {}).once("end", () => socket.destroy());
    if (performance.now() - this.#warned < WARNING_MS) return;
    this.#warned = performance.now();
    const { port } = this.#front;
    this.#front.warn(
      `expose: a client wrote https: port ${port} serves http://localhost:${port}/ (for HTTPS: --cert, --key)`,
    );
  }
}

/** Passes each new connection of the server to the reader of its protocol. `read` is the reader of HTTP/1. */
export function divide(server: Server, front: Front, read: (socket: Socket) => void): void {
  const { secure } = front;
  const refusal = new TlsRefusal(front);
  let streams: ((socket: Socket) => void) | undefined;
  const readStreams = (socket: Socket) => {
    streams ??= createStreamReader(front);
    streams(socket);
  };
  const begin = (socket: Socket, protocol: Protocol) => {
    if (protocol === "tls" && secure === undefined) refusal.take(socket);
    else if (protocol === "tls") {
      secure?.take(socket, (inner) => {
        front.connections.replace(socket, inner);
        if (inner.alpnProtocol === "h2") readStreams(inner);
        else read(inner);
      });
    } else if (protocol === "http2" && secure === undefined) readStreams(socket);
    else read(socket);
  };
  server.on("connection", (socket: Socket) => {
    socket.on("error", () => socket.destroy());
    if (!front.connections.enter(socket)) return;
    const look = (bytes: Buffer) => protocolOf(bytes, secure !== undefined);
    lookAtBeginning(socket, look, (protocol) => begin(socket, protocol));
  });
}
