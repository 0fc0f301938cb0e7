/**
 * Encodes and decodes control files: the 452 bytes of `c/unsock.h`, as in unsock 1.1. Accepts exactly the bytes that
 * `c/rules/control.c` accepts. Does no I/O; runs on Deno and on Node.js.
 */

/** The length of a control file, in bytes. */
export const CONTROL_FILE_SIZE = 452;

/** A Unix socket: the bytes of its path, or of its abstract name. */
export interface UnixAddress {
  readonly kind: "unix";
  readonly abstract: boolean;
  readonly name: Uint8Array;
}

/** `struct sockaddr_vm` */
export interface VsockAddress {
  readonly kind: "vsock";
  readonly port: number;
  readonly cid: number;
  readonly flags: number;
}

/**
 * `struct sockaddr_tipc`. `words` holds a range's type, lower and upper end; or a service's type, instance and domain;
 * or a socket's number and node.
 */
export interface TipcAddress {
  readonly kind: "tipc";
  readonly addressType: number;
  readonly scope: number;
  readonly words: readonly [number, number, number];
}

/** `struct sockaddr_in` */
export interface InetAddress {
  readonly kind: "inet";
  /** Four bytes. */
  readonly ip: Uint8Array;
  readonly port: number;
}

/** `struct sockaddr_in6` */
export interface Inet6Address {
  readonly kind: "inet6";
  /** Sixteen bytes. */
  readonly ip: Uint8Array;
  readonly port: number;
  readonly scopeId: number;
}

/** Any address that a control file may have. */
export type Address = UnixAddress | VsockAddress | TipcAddress | InetAddress | Inet6Address;

/** The guest's vsock port behind a Firecracker multiplexer. */
export interface FirecrackerTarget {
  readonly kind: "firecracker";
  /** The path of the multiplexer's socket. */
  readonly proxy: UnixAddress;
  readonly guest: VsockAddress;
}

/** No destination: connections are refused, and bind fails with EACCES. */
export interface RefusingTarget {
  readonly kind: "refuse";
}

/** The destination that a control file names. */
export type Target = Address | FirecrackerTarget | RefusingTarget;

/** A `setsockopt` call that the library makes on the new socket. Level and name are not 0. */
export interface SocketOption {
  readonly level: number;
  readonly name: number;
  /** At most 32 bytes; zeros follow. */
  readonly value: Uint8Array;
}

/** `hold` holds a half-close back until the socket is closed; `pass` passes it on at once. */
export type HalfClose = "hold" | "pass";

/** The content of a control file. */
export interface ControlFile {
  readonly target: Target;
  /** Undefined if the file does not set the handling of a half-close. */
  readonly halfClose?: HalfClose;
  /** At most four; three with `halfClose`. */
  readonly socketOptions: readonly SocketOption[];
}

/** The error for bytes that are no control file. */
export class ControlFileError extends Error {
  override readonly name = "ControlFileError";
}

export const SOCKET_OPTIONS_MOST = 4;
/** The bytes of `sun_path`. */
export const UNIX_NAME_MOST = 108;

const MAGIC = 0x4b534e55n;
const FIRECRACKER = 1n;
const AT = { magic: 0, options: 8, proxyLength: 16, destLength: 20, proxy: 32, dest: 160, slots: 288 } as const;
const ADDRESS_MOST = 128;
const SLOT = { size: 40, name: 4, value: 8, valueSize: 32 } as const;

/** A socket option with level 0 and this name is the half-close setting. unsock 1.1 ignores options with level 0. */
const HALF_CLOSE = 0x666c6168;
const HALF_CLOSE_VALUES = { hold: 1, pass: 2 } as const;

const FAMILY = { unix: 1, inet: 2, inet6: 10, tipc: 30, vsock: 40 } as const;
const SUN_PATH = 2;
const SUN_SIZE = SUN_PATH + UNIX_NAME_MOST;
const SIZE = { inet: 16, inet6: 28, tipc: 16, vsock: 16 } as const;

/** The path in a refusing control file. It is never a socket, so that even unsock 1.1 cannot connect to it. */
export const NOBODY: UnixAddress = { kind: "unix", abstract: false, name: new TextEncoder().encode("/dev/null") };

/**
 * @returns The file's bytes.
 * @throws {RangeError} When a name does not fit into `sun_path`, or there are more socket options than slots. Setting
 *   `halfClose` takes one slot.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const name = new TextEncoder().encode("/run/app.sock");
 * const bytes = encodeControlFile({ target: { kind: "unix", abstract: false, name }, socketOptions: [] });
 * assertEquals(bytes.length, CONTROL_FILE_SIZE);
 * assertEquals(decodeControlFile(bytes).target.kind, "unix");
 * ```
 */
export function encodeControlFile({ target, halfClose, socketOptions }: ControlFile): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(CONTROL_FILE_SIZE);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(AT.magic, MAGIC, true);
  if (target.kind === "firecracker") {
    view.setBigUint64(AT.options, FIRECRACKER, true);
    writeAddress(bytes, AT.proxy, target.proxy);
    view.setUint32(AT.proxyLength, SUN_SIZE, true); // unsock 1.1 writes this length
  }
  const dest = target.kind === "firecracker" ? target.guest : target.kind === "refuse" ? NOBODY : target;
  view.setUint32(AT.destLength, writeAddress(bytes, AT.dest, dest), true);
  if (socketOptions.length + (halfClose === undefined ? 0 : 1) > SOCKET_OPTIONS_MOST) {
    throw new RangeError(`more than ${SOCKET_OPTIONS_MOST} socket options`);
  }
  for (const [index, { level, name, value }] of socketOptions.entries()) writeSlot(bytes, index, level, name, value);
  if (halfClose !== undefined) {
    writeSlot(bytes, SOCKET_OPTIONS_MOST - 1, 0, HALF_CLOSE, Uint8Array.of(HALF_CLOSE_VALUES[halfClose]));
  }
  return bytes;
}

function writeSlot(bytes: Uint8Array<ArrayBuffer>, index: number, level: number, name: number, value: Uint8Array) {
  const view = new DataView(bytes.buffer, AT.slots + index * SLOT.size, SLOT.size);
  view.setUint32(0, level, true);
  view.setUint32(SLOT.name, name, true);
  new Uint8Array(bytes.buffer, view.byteOffset + SLOT.value, SLOT.valueSize).set(value);
}

/** Writes a socket address. @returns Its length in bytes. */
function writeAddress(bytes: Uint8Array<ArrayBuffer>, offset: number, address: Address): number {
  const view = new DataView(bytes.buffer, offset, ADDRESS_MOST);
  view.setUint16(0, FAMILY[address.kind], true);
  switch (address.kind) {
    case "unix": {
      const { name, abstract } = address;
      const length = name.length + (abstract ? 1 : 0);
      if (length > UNIX_NAME_MOST) throw new RangeError(`a name longer than ${UNIX_NAME_MOST} bytes`);
      bytes.set(name, offset + SUN_PATH + (abstract ? 1 : 0));
      return SUN_PATH + length + (abstract || length === UNIX_NAME_MOST ? 0 : 1);
    }
    case "vsock":
      view.setUint32(4, address.port, true);
      view.setUint32(8, address.cid, true);
      view.setUint8(12, address.flags);
      break;
    case "tipc":
      view.setUint8(2, address.addressType);
      view.setUint8(3, address.scope);
      for (const [index, word] of address.words.entries()) view.setUint32(4 + 4 * index, word, true);
      break;
    case "inet":
      view.setUint16(2, address.port);
      bytes.set(address.ip, offset + 4);
      break;
    case "inet6":
      view.setUint16(2, address.port);
      bytes.set(address.ip, offset + 8);
      view.setUint32(24, address.scopeId, true);
  }
  return SIZE[address.kind];
}

/**
 * @param bytes A file's content.
 * @returns The decoded content.
 * @throws {ControlFileError} For exactly the bytes that the library also refuses; the message gives the reason.
 */
export function decodeControlFile(bytes: Uint8Array): ControlFile {
  if (bytes.length !== CONTROL_FILE_SIZE) {
    throw new ControlFileError(`${bytes.length} bytes long, not ${CONTROL_FILE_SIZE}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getBigUint64(AT.magic, true) !== MAGIC) throw new ControlFileError("wrong magic number");
  const options = view.getBigUint64(AT.options, true);
  if ((options & ~FIRECRACKER) !== 0n) throw new ControlFileError(`unknown options 0x${options.toString(16)}`);
  const proxyLength = view.getUint32(AT.proxyLength, true);
  const destLength = view.getUint32(AT.destLength, true);
  if (proxyLength > ADDRESS_MOST) throw new ControlFileError(`proxyLen ${proxyLength} is beyond ${ADDRESS_MOST}`);
  if (destLength > ADDRESS_MOST) throw new ControlFileError(`destLen ${destLength} is beyond ${ADDRESS_MOST}`);
  const dest = readAddress("dest", bytes, AT.dest, destLength);
  const target = options === FIRECRACKER
    ? firecrackerTarget(readAddress("proxy", bytes, AT.proxy, proxyLength), dest)
    : isNobody(dest, destLength)
    ? { kind: "refuse" as const }
    : dest;
  return { target, ...readSlots(view) };
}

function firecrackerTarget(proxy: Address, guest: Address): FirecrackerTarget {
  if (proxy.kind !== "unix" || proxy.abstract) throw new ControlFileError("proxy is not the path of a Unix socket");
  if (guest.kind !== "vsock") throw new ControlFileError("dest is not a vsock address, which a proxy needs");
  return { kind: "firecracker", proxy, guest };
}

/** True for {@linkcode NOBODY}. As in the library, the length has to include the NUL after the path. */
function isNobody(dest: Address, length: number): boolean {
  return dest.kind === "unix" && !dest.abstract && dest.name.join() === NOBODY.name.join() &&
    length > SUN_PATH + NOBODY.name.length;
}

function readAddress(field: string, bytes: Uint8Array, offset: number, length: number): Address {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, ADDRESS_MOST);
  if (length < SUN_PATH) throw new ControlFileError(`${field}: a length of ${length} has no room for a family`);
  const family = view.getUint16(0, true);
  const part = (start: number, end: number) => bytes.slice(offset + start, offset + end);
  if (family === FAMILY.unix && length > SUN_PATH && length <= SUN_SIZE) {
    return readUnix(field, part(SUN_PATH, length));
  } else if (family === FAMILY.vsock && length === SIZE.vsock) {
    const [port, cid, flags] = [view.getUint32(4, true), view.getUint32(8, true), view.getUint8(12)];
    return { kind: "vsock", port, cid, flags };
  } else if (family === FAMILY.tipc && length === SIZE.tipc) {
    const words = [view.getUint32(4, true), view.getUint32(8, true), view.getUint32(12, true)] as const;
    return { kind: "tipc", addressType: view.getUint8(2), scope: view.getUint8(3), words };
  } else if (family === FAMILY.inet && length === SIZE.inet) {
    return { kind: "inet", ip: part(4, 8), port: view.getUint16(2) };
  } else if (family === FAMILY.inet6 && length === SIZE.inet6) {
    return { kind: "inet6", ip: part(8, 24), port: view.getUint16(2), scopeId: view.getUint32(24, true) };
  }
  const isKnown = Object.values<number>(FAMILY).includes(family);
  throw new ControlFileError(
    `${field}: ${isKnown ? `a length of ${length} does not fit` : "unknown address"} family ${family}`,
  );
}

/** @param path The bytes of `sun_path` within the address's length: at least one. */
function readUnix(field: string, path: Uint8Array): UnixAddress {
  if (path[0] === 0 && path.length === 1) throw new ControlFileError(`${field}: an empty path`);
  if (path[0] === 0) return { kind: "unix", abstract: true, name: path.subarray(1) };
  const end = path.indexOf(0);
  return { kind: "unix", abstract: false, name: end < 0 ? path : path.subarray(0, end) };
}

function readSlots(view: DataView): Omit<ControlFile, "target"> {
  const socketOptions: SocketOption[] = [];
  let halfClose: HalfClose | undefined;
  for (let index = 0; index < SOCKET_OPTIONS_MOST; index++) {
    const start = AT.slots + index * SLOT.size;
    const [level, name] = [view.getUint32(start, true), view.getUint32(start + SLOT.name, true)];
    const value = new Uint8Array(view.buffer, view.byteOffset + start + SLOT.value, SLOT.valueSize).slice();
    if (level === 0 && name === HALF_CLOSE) halfClose ??= value[0] === HALF_CLOSE_VALUES.pass ? "pass" : "hold";
    else if (level !== 0 && name !== 0) socketOptions.push({ level, name, value });
  }
  return { ...halfClose === undefined ? {} : { halfClose }, socketOptions };
}
