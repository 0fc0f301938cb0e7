/**
 * Formats packets as pcapng, for Wireshark and tshark: raw IP, with TCP and UDP headers. The addresses and ports are
 * true; the rest of the headers is made up, as a Unix socket has none. Does no I/O.
 */
import type { Packet } from "./traffic.ts";

const SECTION = 0x0a0d0d0a;
const ORDER = 0x1a2b3c4d;
const INTERFACE = 1;
const PACKET = 6;
const LINK_RAW = 101;
const SNAP_LENGTH = 262_144;
const TCP = 6;
const UDP = 17;
const [FIN, SYN, PSH, ACK] = [1, 2, 8, 16];
/** A packet of IP has at most 65,535 bytes. */
const SEGMENT_MOST = 65_000;
const CONNECTIONS_MOST = 65_536;

function padded(length: number): number {
  return (length + 3) & ~3;
}

/** Returns a block: its type, its length, the body, and its length once more. */
function block(type: number, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = 12 + padded(body.length);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  bytes.set(body, 8);
  view.setUint32(length - 4, length, true);
  return bytes;
}

function sumWords(bytes: Uint8Array, start = 0): number {
  let sum = start;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  return sum;
}

function foldSum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}

/** Returns an IPv4 or IPv6 header for a payload of this length. */
function ipHeader(from: Uint8Array, to: Uint8Array, protocol: number, length: number): Uint8Array {
  const isV4 = from.length === 4;
  const bytes = new Uint8Array(isV4 ? 20 : 40);
  const view = new DataView(bytes.buffer);
  if (isV4) {
    view.setUint16(0, 0x4500);
    view.setUint16(2, bytes.length + length);
    view.setUint16(6, 0x4000); // do not fragment
    view.setUint16(8, 0x4000 | protocol); // 64 hops
    bytes.set(from, 12);
    bytes.set(to, 16);
    view.setUint16(10, foldSum(sumWords(bytes)));
  } else {
    view.setUint32(0, 0x60000000);
    view.setUint16(4, length);
    view.setUint16(6, protocol << 8 | 64);
    bytes.set(from, 8);
    bytes.set(to, 24);
  }
  return bytes;
}

/** Returns the address `one`; as `::ffff:a.b.c.d` if it is IPv4 and `other` is IPv6. */
function sameFamily(one: Uint8Array, other: Uint8Array): Uint8Array {
  if (one.length === 16 || other.length === 4) return one;
  return Uint8Array.from([...new Array<number>(10).fill(0), 255, 255, ...one]);
}

/** The next sequence number of each end. `client` is the end whose `IP:PORT` sorts first: perhaps the server. */
interface Sent {
  client: number;
  server: number;
}

/** Makes the blocks of a file. */
export class PcapWriter {
  readonly #sent = new Map<string, Sent>();

  start(): Uint8Array<ArrayBuffer> {
    const section = new Uint8Array(16);
    const view = new DataView(section.buffer);
    view.setUint32(0, ORDER, true);
    view.setUint16(4, 1, true);
    view.setBigInt64(8, -1n, true); // the section's length is not known
    const about = new Uint8Array(8);
    new DataView(about.buffer).setUint16(0, LINK_RAW, true);
    new DataView(about.buffer).setUint32(4, SNAP_LENGTH, true);
    return joined([block(SECTION, section), block(INTERFACE, about)]);
  }

  /** Returns the blocks of a packet. The start of a connection is three blocks, for the packets of TCP's handshake. */
  packet(packet: Packet): Uint8Array<ArrayBuffer> {
    return packet.kind === "datagram" ? this.#datagram(packet) : this.#segments(packet);
  }

  #datagram({ time, from, to, data, size }: Packet): Uint8Array<ArrayBuffer> {
    const header = new Uint8Array(8);
    const view = new DataView(header.buffer);
    const length = Math.min(size, SEGMENT_MOST + 500);
    view.setUint16(0, from.port);
    view.setUint16(2, to.port);
    view.setUint16(4, 8 + length);
    return whole(time, from.ip, to.ip, UDP, header, 6, data.subarray(0, length), length);
  }

  #segments({ time, what, from, to, data, size }: Packet): Uint8Array<ArrayBuffer> {
    const [mine, theirs] = [`${from.ip}:${from.port}`, `${to.ip}:${to.port}`];
    const key = mine < theirs ? `${mine} ${theirs}` : `${theirs} ${mine}`;
    const isFirst = mine < theirs;
    const sent = what === "open" ? undefined : this.#sent.get(key);
    // If the connection began before the tap, the file has no handshake of it.
    const state = sent ?? { client: 1, server: 1 };
    if (sent === undefined) this.#remember(key, state);
    const [me, you] = isFirst ? ["client", "server"] as const : ["server", "client"] as const;
    const make = (there: boolean, flags: number, sequence: number, ack: number, bytes: Uint8Array, length: number) => {
      const [one, other] = there ? [from, to] : [to, from];
      const header = new Uint8Array(20);
      const view = new DataView(header.buffer);
      view.setUint16(0, one.port);
      view.setUint16(2, other.port);
      view.setUint32(4, sequence >>> 0);
      view.setUint32(8, ack >>> 0);
      view.setUint16(12, 0x5000 | flags);
      view.setUint16(14, 0xffff);
      return whole(time, one.ip, other.ip, TCP, header, 16, bytes, length);
    };
    const nothing = new Uint8Array();
    if (what === "open") {
      return joined([
        make(true, SYN, 0, 0, nothing, 0),
        make(false, SYN | ACK, 0, 1, nothing, 0),
        make(true, ACK, 1, 1, nothing, 0),
      ]);
    }
    if (what === "end") {
      const made = make(true, FIN | ACK, state[me], state[you], nothing, 0);
      state[me] += 1;
      return made;
    }
    const blocks: Uint8Array<ArrayBuffer>[] = [];
    for (let at = 0; at < size; at += SEGMENT_MOST) {
      const length = Math.min(SEGMENT_MOST, size - at);
      blocks.push(make(true, PSH | ACK, state[me], state[you], data.subarray(at, at + length), length));
      state[me] += length;
    }
    return joined(blocks);
  }

  #remember(key: string, state: Sent): void {
    const [oldest] = this.#sent.keys();
    if (this.#sent.size >= CONNECTIONS_MOST && oldest !== undefined) this.#sent.delete(oldest);
    this.#sent.set(key, state);
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Returns a packet's block: headers, and the known part of the data. `at` is the checksum's offset in `header`. */
function whole(
  time: number,
  source: Uint8Array,
  target: Uint8Array,
  protocol: number,
  header: Uint8Array,
  at: number,
  data: Uint8Array,
  size: number,
): Uint8Array<ArrayBuffer> {
  const [from, to] = [sameFamily(source, target), sameFamily(target, source)];
  const length = header.length + size;
  if (data.length === size) {
    const sum = sumWords(data, sumWords(header, sumWords(from, sumWords(to, protocol + length))));
    // In UDP, 0 means that there is no checksum, so a checksum of 0 is written as 0xffff.
    new DataView(header.buffer).setUint16(at, foldSum(sum) || 0xffff);
  }
  const bytes = joined([ipHeader(from, to, protocol, length), header, data]);
  const head = new Uint8Array(20);
  const view = new DataView(head.buffer);
  view.setUint32(4, Math.floor(time / 2 ** 32), true);
  view.setUint32(8, time % 2 ** 32, true);
  view.setUint32(12, bytes.length, true);
  view.setUint32(16, bytes.length + size - data.length, true);
  return block(PACKET, joined([head, bytes]));
}
