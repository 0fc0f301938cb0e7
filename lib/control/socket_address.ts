/** Socket addresses: the bytes of `sockaddr_un`, `_in`, `_in6`, `_tipc` and `_vm` <-> a tagged union. Pure. */

/** Address families that a control file may name. */
export enum Family {
  Unix = 1,
  Inet = 2,
  Inet6 = 10,
  Tipc = 30,
  Vsock = 40,
}

/** The vsock context ids with a meaning. */
export const VSOCK_CID_ANY = 0xffffffff;
export const VSOCK_CID_LOCAL = 1;
export const VSOCK_CID_HOST = 2;

/** What the twelve bytes of a TIPC address are. */
export enum TipcAddressType {
  Range = 1,
  Service = 2,
  Node = 3,
}

/** How far a TIPC name is known. */
export enum TipcScope {
  Cluster = 2,
  Node = 3,
}

/** `sockaddr_un` */
export interface UnixAddress {
  readonly family: Family.Unix;
  /** The path, or the name without its leading NUL; bytes, as a path need not be UTF-8. */
  readonly path: Uint8Array;
  readonly abstract: boolean;
}

/** `sockaddr_in` or `sockaddr_in6` */
export interface InternetAddress {
  readonly family: Family.Inet | Family.Inet6;
  /** Four or sixteen bytes. */
  readonly ip: Uint8Array;
  readonly port: number;
  readonly scopeId: number;
  readonly flowInfo: number;
}

/** `sockaddr_tipc`: type, lower, upper; or type, instance, domain; or reference, node, nothing. */
export interface TipcAddress {
  readonly family: Family.Tipc;
  readonly addressType: number;
  readonly scope: number;
  readonly words: readonly [number, number, number];
}

/** `sockaddr_vm` */
export interface VsockAddress {
  readonly family: Family.Vsock;
  readonly port: number;
  readonly cid: number;
  readonly flags: number;
}

export type Address = UnixAddress | InternetAddress | TipcAddress | VsockAddress;

/** A path where no socket is, nor will be: `UNSOCK_CONTROL_NOBODY` in `c/unsock.h`. */
export const NOBODY = "/dev/null";

const SOCKADDR_UN_SIZE = 110;

/**
 * @param path A path in the file system.
 * @returns Its address.
 */
export function unixAddress(path: string): UnixAddress {
  return { family: Family.Unix, path: new TextEncoder().encode(path), abstract: false };
}

/**
 * @param address The address. A path must not be longer than 108 bytes.
 * @returns The bytes of the C structure, as many as count.
 */
export function encodeAddress(address: Address): Uint8Array {
  switch (address.family) {
    case Family.Unix:
      return encodeUnix(address);
    case Family.Inet:
    case Family.Inet6:
      return encodeInternet(address);
    case Family.Tipc: {
      const view = structure(16, address.family);
      view.setUint8(2, address.addressType);
      view.setInt8(3, address.scope);
      address.words.forEach((word, index) => view.setUint32(4 + index * 4, word, true));
      return new Uint8Array(view.buffer);
    }
    case Family.Vsock: {
      const view = structure(16, address.family);
      view.setUint32(4, address.port, true);
      view.setUint32(8, address.cid, true);
      view.setUint8(12, address.flags);
      return new Uint8Array(view.buffer);
    }
  }
}

function structure(size: number, family: Family): DataView<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(size));
  view.setUint16(0, family, true);
  return view;
}

function encodeUnix(address: UnixAddress): Uint8Array {
  // An abstract name counts to its last byte; a path has a NUL behind it where that still fits.
  const length = address.abstract ? 3 + address.path.length : Math.min(3 + address.path.length, SOCKADDR_UN_SIZE);
  const bytes = new Uint8Array(structure(length, address.family).buffer);
  bytes.set(address.path, address.abstract ? 3 : 2);
  return bytes;
}

function encodeInternet(address: InternetAddress): Uint8Array {
  const view = structure(address.family === Family.Inet ? 16 : 28, address.family);
  const bytes = new Uint8Array(view.buffer);
  view.setUint16(2, address.port);
  if (address.family === Family.Inet) {
    bytes.set(address.ip, 4);
  } else {
    view.setUint32(4, address.flowInfo);
    bytes.set(address.ip, 8);
    view.setUint32(24, address.scopeId, true);
  }
  return bytes;
}

/**
 * @param bytes As many bytes as count, from outside.
 * @returns The address, or what is wrong.
 */
export function decodeAddress(bytes: Uint8Array): Address | string {
  if (bytes.length < 2) return `a length of ${bytes.length} has no room for a family`;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const family = view.getUint16(0, true);
  const fits = lengthFits(family, bytes.length);
  if (fits === undefined) return `unknown address family ${family}`;
  if (!fits) return `a length of ${bytes.length} does not fit family ${family}`;
  switch (family as Family) {
    case Family.Unix:
      return decodeUnix(bytes);
    case Family.Inet: {
      const ip = bytes.slice(4, 8);
      return { family: Family.Inet, ip, port: view.getUint16(2), scopeId: 0, flowInfo: 0 };
    }
    case Family.Inet6: {
      const [port, flowInfo, scopeId] = [view.getUint16(2), view.getUint32(4), view.getUint32(24, true)];
      return { family: Family.Inet6, ip: bytes.slice(8, 24), port, scopeId, flowInfo };
    }
    case Family.Tipc: {
      const words = [view.getUint32(4, true), view.getUint32(8, true), view.getUint32(12, true)] as const;
      return { family: Family.Tipc, addressType: view.getUint8(2), scope: view.getInt8(3), words };
    }
    case Family.Vsock: {
      const [port, cid] = [view.getUint32(4, true), view.getUint32(8, true)];
      return { family: Family.Vsock, port, cid, flags: view.getUint8(12) };
    }
  }
}

function lengthFits(family: number, length: number): boolean | undefined {
  switch (family) {
    case Family.Unix:
      return length >= 3 && length <= SOCKADDR_UN_SIZE;
    case Family.Inet:
    case Family.Tipc:
    case Family.Vsock:
      return length === 16;
    case Family.Inet6:
      return length === 28;
    default:
      return undefined;
  }
}

function decodeUnix(bytes: Uint8Array): UnixAddress | string {
  if (bytes[2] !== 0) {
    const end = bytes.indexOf(0, 2);
    return { family: Family.Unix, path: bytes.slice(2, end < 0 ? undefined : end), abstract: false };
  }
  if (bytes.length === 3) return "an empty path";
  return { family: Family.Unix, path: bytes.slice(3), abstract: true };
}
