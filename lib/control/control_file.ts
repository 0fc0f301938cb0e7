/** Control files: 452 bytes <-> {@linkcode ControlFile}. Byte-compatible with unsock 1.1; accepts what `control.c` accepts. Pure. */
import { type Address, decodeAddress, encodeAddress, Family } from "./socket_address.ts";

/** A control file is exactly this long. */
export const CONTROL_FILE_SIZE = 452;

/** The first eight bytes, as a little-endian number. */
export const CONTROL_FILE_MAGIC = 0x4b534e55n;

/** How many `setsockopt` calls fit, and how long a value may be. */
export const MAX_SOCKET_OPTIONS = 4;
export const SOCKET_OPTION_VALUE_SIZE = 32;

const OPTION_FIRECRACKER = 1n;
const ADDRESS_SIZE = 128;
const PROXY_OFFSET = 32;
const DEST_OFFSET = 160;
const OPTIONS_OFFSET = 288;
const OPTION_SIZE = 40;
const SOCKADDR_UN_SIZE = 110;

/** One `setsockopt` to run on the new socket. */
export interface SocketOption {
  readonly level: number;
  readonly name: number;
  /** 32 bytes; how many count depends on the option. */
  readonly value: Uint8Array;
}

/** Where a socket really goes. */
export interface ControlFile {
  /** The Unix socket of a Firecracker multiplexer that is asked for `dest`'s port; undefined: `dest` is used as it is. */
  readonly proxy: Address | undefined;
  readonly dest: Address;
  readonly socketOptions: readonly SocketOption[];
}

/** These bytes are no control file. */
export class ControlFileError extends Error {
  override readonly name = "ControlFileError";
}

/**
 * @param file What to write. A proxy's address is written with the length of a whole `sockaddr_un`, as unsock 1.1 does.
 * @returns 452 bytes.
 * @throws {ControlFileError} When it does not fit or would be refused on reading.
 */
export function encodeControlFile(file: ControlFile): Uint8Array {
  const bytes = new Uint8Array(CONTROL_FILE_SIZE);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, CONTROL_FILE_MAGIC, true);
  if (file.proxy !== undefined) {
    view.setBigUint64(8, OPTION_FIRECRACKER, true);
    bytes.set(encodeAddress(file.proxy), PROXY_OFFSET);
    view.setUint32(16, SOCKADDR_UN_SIZE, true);
  }
  const dest = encodeAddress(file.dest);
  bytes.set(dest, DEST_OFFSET);
  view.setUint32(20, dest.length, true);
  if (file.socketOptions.length > MAX_SOCKET_OPTIONS) {
    throw new ControlFileError(`more than ${MAX_SOCKET_OPTIONS} socket options`);
  }
  for (const [index, option] of file.socketOptions.entries()) {
    const offset = OPTIONS_OFFSET + index * OPTION_SIZE;
    view.setUint32(offset, option.level, true);
    view.setUint32(offset + 4, option.name, true);
    bytes.set(option.value.subarray(0, SOCKET_OPTION_VALUE_SIZE), offset + 8);
  }
  decodeControlFile(bytes);
  return bytes;
}

/**
 * @param bytes A file's content: data from outside.
 * @returns What it says.
 * @throws {ControlFileError} When the library would refuse it too, with the reason.
 */
export function decodeControlFile(bytes: Uint8Array): ControlFile {
  if (bytes.length !== CONTROL_FILE_SIZE) {
    throw new ControlFileError(`${bytes.length} bytes long, not ${CONTROL_FILE_SIZE}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getBigUint64(0, true) !== CONTROL_FILE_MAGIC) throw new ControlFileError("wrong magic number");
  const options = view.getBigUint64(8, true);
  if ((options & ~OPTION_FIRECRACKER) !== 0n) throw new ControlFileError(`unknown options 0x${options.toString(16)}`);
  const proxyLength = view.getUint32(16, true);
  const destLength = view.getUint32(20, true);
  if (proxyLength > ADDRESS_SIZE) throw new ControlFileError(`proxyLen ${proxyLength} is beyond ${ADDRESS_SIZE}`);
  if (destLength > ADDRESS_SIZE) throw new ControlFileError(`destLen ${destLength} is beyond ${ADDRESS_SIZE}`);
  const firecracker = options !== 0n;
  const dest = readAddress("dest", bytes.subarray(DEST_OFFSET, DEST_OFFSET + destLength));
  if (!firecracker) return { proxy: undefined, dest, socketOptions: readSocketOptions(bytes, view) };
  const proxy = readAddress("proxy", bytes.subarray(PROXY_OFFSET, PROXY_OFFSET + proxyLength));
  if (proxy.family !== Family.Unix || proxy.abstract) {
    throw new ControlFileError("proxy is not the path of a Unix socket");
  }
  if (dest.family !== Family.Vsock) throw new ControlFileError("dest is not a vsock address, which a proxy needs");
  return { proxy, dest, socketOptions: readSocketOptions(bytes, view) };
}

function readAddress(field: string, bytes: Uint8Array): Address {
  const address = decodeAddress(bytes);
  if (typeof address === "string") throw new ControlFileError(`${field}: ${address}`);
  return address;
}

function readSocketOptions(bytes: Uint8Array, view: DataView): SocketOption[] {
  const options: SocketOption[] = [];
  for (let index = 0; index < MAX_SOCKET_OPTIONS; index++) {
    const offset = OPTIONS_OFFSET + index * OPTION_SIZE;
    const level = view.getUint32(offset, true);
    const name = view.getUint32(offset + 4, true);
    const value = bytes.slice(offset + 8, offset + OPTION_SIZE);
    if (level !== 0 && name !== 0) options.push({ level, name, value });
  }
  return options;
}
