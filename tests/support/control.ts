/** Control files byte by byte, independent of the product's own writer and readers: the oracle for both. */

export const CONTROL_SIZE = 452;
const MAGIC = 0x4b534e55n;
const FIRECRACKER = 1n;
const SOCKOPT_SIZE = 40;
const OFFSET = { magic: 0, options: 8, proxyLength: 16, destLength: 20, proxy: 32, dest: 160, sockopts: 288 };

const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const AF_TIPC = 30;
const AF_VSOCK = 40;
const SUN_PATH_OFFSET = 2;
const SUN_SIZE = 110;

export const VSOCK_CID_ANY = 0xffffffff;
export const VSOCK_CID_LOCAL = 1;
const TIPC_SERVICE = 2;
const TIPC_CLUSTER_SCOPE = 2;

const encoder = new TextEncoder();

/** A setsockopt that runs on the new socket. */
export interface Sockopt {
  group: number;
  key: number;
  /** The value's bytes; a number is a 32-bit integer. */
  value: number | Uint8Array;
}

export interface ControlParts {
  dest?: Uint8Array;
  proxy?: Uint8Array;
  sockopts?: Sockopt[];
}

function record(size: number, fill: (view: DataView, bytes: Uint8Array) => void): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  fill(new DataView(bytes.buffer), bytes);
  return bytes;
}

/**
 * Makes a control file.
 *
 * @param parts With `proxy`, the file is for a Firecracker guest.
 * @returns 452 bytes.
 */
export function controlFile({ dest, proxy, sockopts = [] }: ControlParts): Uint8Array<ArrayBuffer> {
  return record(CONTROL_SIZE, (view, bytes) => {
    view.setBigUint64(OFFSET.magic, MAGIC, true);
    view.setBigUint64(OFFSET.options, proxy ? FIRECRACKER : 0n, true);
    view.setUint32(OFFSET.proxyLength, proxy?.length ?? 0, true);
    view.setUint32(OFFSET.destLength, dest?.length ?? 0, true);
    bytes.set(proxy ?? [], OFFSET.proxy);
    bytes.set(dest ?? [], OFFSET.dest);
    for (const [index, { group, key, value }] of sockopts.entries()) {
      const offset = OFFSET.sockopts + index * SOCKOPT_SIZE;
      view.setUint32(offset, group, true);
      view.setUint32(offset + 4, key, true);
      if (typeof value === "number") view.setInt32(offset + 8, value, true);
      else bytes.set(value, offset + 8);
    }
  });
}

/** A Firecracker control file: the guest's `port` behind the multiplexer at `path`. */
export function firecrackerFile(path: string, port: number): Uint8Array<ArrayBuffer> {
  return controlFile({ proxy: sockaddrUnix(path), dest: sockaddrVsock(VSOCK_CID_ANY, port) });
}

/** struct sockaddr_un, in its full length. */
export function sockaddrUnix(path: string): Uint8Array {
  return record(SUN_SIZE, (view, bytes) => {
    view.setUint16(0, AF_UNIX, true);
    bytes.set(encoder.encode(path), SUN_PATH_OFFSET);
  });
}

/** struct sockaddr_in. */
export function sockaddrInet(address: string, port: number): Uint8Array {
  return record(16, (view, bytes) => {
    view.setUint16(0, AF_INET, true);
    view.setUint16(2, port, false);
    bytes.set(address.split(".").map(Number), 4);
  });
}

/** struct sockaddr_in6 of ::1. */
export function sockaddrInet6Loopback(port: number): Uint8Array {
  return record(28, (view, bytes) => {
    view.setUint16(0, AF_INET6, true);
    view.setUint16(2, port, false);
    bytes[8 + 15] = 1;
  });
}

/** struct sockaddr_vm. */
export function sockaddrVsock(cid: number, port: number): Uint8Array {
  return record(16, (view) => {
    view.setUint16(0, AF_VSOCK, true);
    view.setUint32(4, port, true);
    view.setUint32(8, cid, true);
  });
}

/** struct sockaddr_tipc: `lower` is a service's instance and `upper` its domain. */
export function sockaddrTipc(
  { addrtype = TIPC_SERVICE, scope = TIPC_CLUSTER_SCOPE, type, lower, upper = 0 }: {
    addrtype?: number;
    scope?: number;
    type: number;
    lower: number;
    upper?: number;
  },
): Uint8Array {
  return record(16, (view) => {
    view.setUint16(0, AF_TIPC, true);
    view.setUint8(2, addrtype);
    view.setInt8(3, scope);
    view.setUint32(4, type, true);
    view.setUint32(8, lower, true);
    view.setUint32(12, upper, true);
  });
}
