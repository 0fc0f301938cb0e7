/** Encodes and decodes the bytes of `sockaddr_in` and `sockaddr_in6`, as the kernel takes them. */

export enum Family {
  Inet = 2,
  Inet6 = 10,
}

/** `sockaddr_in` or `sockaddr_in6` */
export interface InternetAddress {
  readonly family: Family.Inet | Family.Inet6;
  /** Four or sixteen bytes. */
  readonly ip: Uint8Array;
  readonly port: number;
}

/** The size of each structure, and the offset and length of the IP address in it. */
const LAYOUT = {
  [Family.Inet]: { size: 16, ip: 4, length: 4 },
  [Family.Inet6]: { size: 28, ip: 8, length: 16 },
} as const;

/** @returns A `sockaddr_in` or `sockaddr_in6`. */
export function encodeAddress({ family, ip, port }: InternetAddress): Uint8Array<ArrayBuffer> {
  const layout = LAYOUT[family];
  const bytes = new Uint8Array(layout.size);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, family, true);
  view.setUint16(2, port);
  bytes.set(ip, layout.ip);
  return bytes;
}

/** @returns The address, or undefined if the bytes are too few or the family is neither IPv4 nor IPv6. */
export function decodeAddress(bytes: Uint8Array): InternetAddress | undefined {
  if (bytes.length < 2) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const family = view.getUint16(0, true);
  if (family !== Family.Inet && family !== Family.Inet6) return undefined;
  const { size, ip, length } = LAYOUT[family];
  return bytes.length < size ? undefined : { family, ip: bytes.slice(ip, ip + length), port: view.getUint16(2) };
}
