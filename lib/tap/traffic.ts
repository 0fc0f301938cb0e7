/** Makes packets from the calls of a port's server. Does no I/O except through {@linkcode Port}. */
import * as path from "@std/path/posix";
import type { AddressedPort } from "../run/ports.ts";
import { type Endpoint, readClientName } from "../sockets/client_names.ts";
import { formatIp, parseIp } from "../system/ip_text.ts";
import type { Call, Descriptor, Moved } from "./strace_line.ts";

const CONNECTIONS_MOST = 65_536;
/** The library derives a plain Unix client's port from the accepted socket's inode (`c/kernel/socket_info.c`). */
const [INVENTED_FIRST, INVENTED_COUNT] = [32_768, 28_232];

/** An event at a port: a connection begins or ends, or bytes pass. */
export interface Packet {
  /** In microseconds since 1970. */
  readonly time: number;
  readonly kind: "stream" | "datagram";
  /** `end`: the sender sends no more. */
  readonly what: "open" | "data" | "end";
  readonly from: Endpoint;
  readonly to: Endpoint;
  /** The first of the `size` bytes, as many as strace has printed. */
  readonly data: Uint8Array;
  readonly size: number;
}

/** A port, and questions about its directory, sockets and processes. */
export interface Port {
  readonly port: AddressedPort;
  /** True if this path, as it was spelled at a bind, is the port's directory. */
  readonly isDirectory: (path: string) => boolean;
  /** Returns the name of a socket, such as one that was connected before the tap, or undefined if not known. */
  readonly nameOf: (inode: number) => string | undefined;
  readonly processOf: (thread: number) => number;
}

interface Connection {
  readonly client: Endpoint;
  readonly server: Endpoint;
  /** The process that last moved bytes; 0: none yet. The connection ends when this process closes the socket. */
  process: number;
  readonly ended: Set<"in" | "out">;
}

const LOOPBACK4 = Uint8Array.of(127, 0, 0, 1);
const LOOPBACK6 = Uint8Array.from([...new Array<number>(15).fill(0), 1]);
const UNKNOWN = Uint8Array.of(0, 0, 0, 0);

/** Reads an address in a file's name; for a wildcard, returns 127.0.0.1 or ::1. */
function readAddress(text: string): Uint8Array<ArrayBuffer> {
  if (text === "0.0.0.0") return LOOPBACK4;
  if (text === "--" || text === "any") return LOOPBACK6;
  return parseIp(text.replaceAll("-", ":")) ?? UNKNOWN;
}

/**
 * @param name The path of a socket: `/run/unsock/.53u@0.0.0.0,127.0.0.2`, `/run/unsock/4000.dgram.sock`.
 * @returns `own`: the socket's address, with 127.0.0.1 or ::1 in place of a wildcard. `asks`: for a datagram client,
 *   the server's address. Undefined if the path is not that of a port's file.
 */
export function readFileName(name: string): { own: Endpoint; asks: Uint8Array<ArrayBuffer> | undefined } | undefined {
  const base = path.basename(name);
  const [, plain] = /^(\d+)(?:\.dgram)?\.sock$/.exec(base) ?? [];
  if (plain !== undefined) return { own: { ip: LOOPBACK4, port: Number(plain) }, asks: undefined };
  const [, port, address = "", asks] = /^\.(\d+)u?@([^,+*!]*)(?:,([^+*!]*))?/.exec(base) ?? [];
  if (port === undefined) return undefined;
  return { own: { ip: readAddress(address), port: Number(port) }, asks: asks ? readAddress(asks) : undefined };
}

/** Follows the connections and datagrams of one port. */
export class Traffic {
  readonly #port: Port;
  readonly #see: (packet: Packet) => void;
  readonly #connections = new Map<number, Connection>();

  constructor(port: Port, see: (packet: Packet) => void) {
    this.#port = port;
    this.#see = see;
  }

  take(call: Call): void {
    const { descriptor, accepted } = call;
    if (!this.isOfPort(descriptor.name)) return;
    if (this.#port.port.kind === "datagram") return this.#takeDatagrams(call);
    if (accepted !== undefined) return this.#open(call, accepted);
    if (descriptor.peer === undefined) return; // the listener
    const connection = this.#connections.get(descriptor.inode) ?? this.#meet(descriptor);
    if (call.way !== "other") this.#move(connection, call);
    else if (call.name === "shutdown") this.#end(connection, "out", call.time);
    else if (call.name === "close") this.#close(descriptor, connection, call);
  }

  /** True for the path of one of the port's sockets in the port's directory. */
  isOfPort(name: string): boolean {
    const { dir, base } = path.parse(name);
    const { number, kind } = this.#port.port;
    const [own, plain] = kind === "stream"
      ? [`.${number}@`, `${number}.sock`]
      : [`.${number}u@`, `${number}.dgram.sock`];
    return (base.startsWith(own) || base === plain) && this.#port.isDirectory(dir);
  }

  #isAsked({ ip }: Endpoint): boolean {
    const { address } = this.#port.port;
    return address === undefined || formatIp(ip) === address;
  }

  #tell(what: Packet["what"], from: Endpoint, to: Endpoint, time: number, moved?: Moved): void {
    const { data, size } = moved ?? { data: new Uint8Array(), size: 0 };
    this.#see({ time, kind: this.#port.port.kind, what, from, to, data, size });
  }

  /** Finds the addresses of both ends of a connection. A plain Unix client has an address that the library invents. */
  #meet({ inode, peer, name }: Descriptor, accepted?: string): Connection {
    const ends = readClientName(accepted ?? (peer === undefined ? "" : this.#port.nameOf(peer) ?? ""));
    const own = readFileName(name)?.own ?? { ip: UNKNOWN, port: this.#port.port.number };
    const client = ends?.client ?? { ip: LOOPBACK4, port: INVENTED_FIRST + inode % INVENTED_COUNT };
    const connection: Connection = { client, server: ends?.server ?? own, process: 0, ended: new Set() };
    const [oldest] = this.#connections.keys();
    if (this.#connections.size >= CONNECTIONS_MOST && oldest !== undefined) this.#connections.delete(oldest);
    this.#connections.set(inode, connection);
    return connection;
  }

  #open(call: Call, accepted: Descriptor): void {
    const connection = this.#meet(accepted, call.moved[0]?.name);
    if (this.#isAsked(connection.server)) this.#tell("open", connection.client, connection.server, call.time);
  }

  #move(connection: Connection, { way, moved, time, thread }: Call): void {
    connection.process = this.#port.processOf(thread);
    if (!this.#isAsked(connection.server)) return;
    const [from, to] = way === "in" ? [connection.client, connection.server] : [connection.server, connection.client];
    for (const one of moved) {
      if (one.size > 0) this.#tell("data", from, to, time, one);
      else if (way === "in") this.#end(connection, "in", time);
    }
  }

  #end(connection: Connection, way: "in" | "out", time: number): void {
    if (connection.ended.has(way) || !this.#isAsked(connection.server)) return;
    connection.ended.add(way);
    const { client, server } = connection;
    this.#tell("end", way === "in" ? client : server, way === "in" ? server : client, time);
  }

  /** Ends a connection if the process that last moved bytes closes it. Other processes close only duplicates. */
  #close({ inode }: Descriptor, connection: Connection, { thread, time, result }: Call): void {
    if (result !== 0 || connection.process !== this.#port.processOf(thread)) return;
    this.#end(connection, "out", time);
    this.#connections.delete(inode);
  }

  #takeDatagrams({ descriptor, way, moved, time }: Call): void {
    if (way === "other") return;
    const bound = readFileName(descriptor.name)?.own;
    for (const one of moved) {
      const name = one.name ?? (descriptor.peer === undefined ? undefined : this.#port.nameOf(descriptor.peer));
      const found = name === undefined ? undefined : readFileName(name);
      const client = found?.own ?? { ip: UNKNOWN, port: 0 };
      const server = { ip: found?.asks ?? bound?.ip ?? UNKNOWN, port: this.#port.port.number };
      if (!this.#isAsked(server)) continue;
      this.#tell("data", way === "in" ? client : server, way === "in" ? server : client, time, one);
    }
  }
}
