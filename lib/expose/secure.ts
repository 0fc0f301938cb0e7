/**
 * TLS 1.2 and 1.3 for the connections of a front. The client's first message offers HTTP/2, HTTP/1.1 or both
 * (ALPN); of both, the front takes HTTP/2. The decrypted connection then goes to the same reader as one without TLS.
 */
import { constants } from "node:crypto";
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import type { Server, TLSSocket } from "node:tls";
import { setInterval } from "node:timers";
import { loadTls } from "../system/http.ts";
import { IS_DENO } from "../system/runtime.ts";
import { type CertificateFiles, CertificateInUse } from "./certificate.ts";

const HANDSHAKE_MS = 10_000;
const LOOK_MS = 1_000;

/** Reads the decrypted side of a TLS connection. */
type Begin = (socket: TLSSocket) => void;

/** Returns the addresses and ports of a connection's ends. No two open connections have the same ones. */
function addressesOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return [remoteAddress, remotePort, localAddress, localPort].join(" ");
}

/** @returns The scheme of the URLs that a connection's client writes. */
export function schemeOf(socket: Socket): "http" | "https" {
  return "encrypted" in socket && socket.encrypted === true ? "https" : "http";
}

/** @returns True if a write to the client must wait for the previous one: Deno 2.9's TLS may otherwise stop writing. */
export function writesInTurn(client: Socket): boolean {
  return IS_DENO && schemeOf(client) === "https";
}

/** Writes a chunk of `from`, and pauses `from` until the chunk is written. */
export function writeInTurn(chunk: Uint8Array, from: Readable, to: Writable): void {
  from.pause();
  to.write(chunk, () => from.resume());
}

/** Passes all of `from` to the client. `to` is the client's connection, or an answer on it. */
export function pipeToClient(from: Readable, to: Writable, client: Socket): void {
  if (!writesInTurn(client)) from.pipe(to);
  else from.on("data", (chunk: Uint8Array) => writeInTurn(chunk, from, to)).on("end", () => to.end());
}

/** The TLS side of a front. */
export class SecureConnections {
  readonly #certificate: CertificateInUse;
  readonly #waiting = new Map<string, Begin>();
  #server: Server;

  /** @throws {UnsockError} If the certificate cannot be used. */
  constructor(files: CertificateFiles) {
    this.#certificate = new CertificateInUse(files);
    this.#server = this.#makeServer();
  }

  get names(): readonly string[] {
    return this.#certificate.current.names;
  }

  #makeServer(): Server {
    const { cert, key } = this.#certificate.current;
    const server = loadTls().createServer({
      cert,
      key,
      minVersion: "TLSv1.2",
      ALPNProtocols: ["h2", "http/1.1"],
      handshakeTimeout: HANDSHAKE_MS,
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    });
    server.on("secureConnection", (socket) => {
      socket.on("error", () => socket.destroy());
      const begin = this.#waiting.get(addressesOf(socket));
      if (begin === undefined) socket.destroy();
      else begin(socket);
    });
    server.on("tlsClientError", (_error, socket) => socket.destroy());
    return server;
  }

  /** Takes a connection that begins with TLS, and calls `begin` after the handshake. */
  take(socket: Socket, begin: Begin): void {
    const addresses = addressesOf(socket);
    this.#waiting.set(addresses, begin);
    socket.once("close", () => this.#waiting.get(addresses) === begin && this.#waiting.delete(addresses));
    this.#server.emit("connection", socket);
  }

  /** Reads the certificate again when its files change. If it is unusable, keeps the old one and warns by one line. */
  watch(warn: (line: string) => void): void {
    const look = () => {
      try {
        if (this.#certificate.reload()) this.#server = this.#makeServer();
      } catch (error) {
        warn(`expose: ${error instanceof Error ? error.message : error}: the old certificate stays in use`);
      }
    };
    setInterval(look, LOOK_MS).unref();
  }
}
