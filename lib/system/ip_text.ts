/** Reads and writes IP addresses as text, as `c/rules/ip.c` does. */

const LENGTH = { inet: 4, inet6: 16 } as const;
const GROUPS = 8;

/**
 * Reads an address as `inet_pton` does: without octal numbers, zones or brackets.
 *
 * @returns The address's four or sixteen bytes, or undefined if the text is not an address.
 */
export function parseIp(text: string): Uint8Array<ArrayBuffer> | undefined {
  return text.includes(":") ? parseInet6(text) : parseInet(text);
}

function parseInet(text: string): Uint8Array<ArrayBuffer> | undefined {
  const parts = text.split(".");
  const isGood = parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
  return isGood && parts.length === LENGTH.inet ? Uint8Array.from(parts, Number) : undefined;
}

function parseInet6(text: string): Uint8Array<ArrayBuffer> | undefined {
  const [, before, dotted] = /^(.*:)([\d.]+\.[\d.]+)$/.exec(text) ?? [];
  if (before !== undefined && dotted !== undefined) {
    const end = parseInet(dotted);
    return end && parseInet6(before + groupsOf(end).join(":"));
  }
  const [front = [], back, more] = text.split("::").map((half) => half === "" ? [] : half.split(":"));
  const zeros = GROUPS - front.length - (back?.length ?? 0);
  if (more !== undefined || (back === undefined ? zeros !== 0 : zeros < 1)) return undefined;
  const groups = [...front, ...new Array<string>(zeros).fill("0"), ...back ?? []];
  if (!groups.every((group) => /^[\da-f]{1,4}$/i.test(group))) return undefined;
  return Uint8Array.from(groups.flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 0xff]));
}

function groupsOf(bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 2 }, (_, index) => view.getUint16(2 * index).toString(16));
}

/**
 * @param bytes The address's four or sixteen bytes.
 * @returns The address as RFC 5952 writes it. An IPv4-mapped address is written as IPv4.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatIp(new Uint8Array([127, 0, 0, 1])), "127.0.0.1");
 * assertEquals(formatIp(parseIp("0:0::1") ?? new Uint8Array(16)), "::1");
 * ```
 */
export function formatIp(bytes: Uint8Array): string {
  if (bytes.length === LENGTH.inet) return bytes.join(".");
  const groups = groupsOf(bytes);
  if (groups.slice(0, 6).join() === "0,0,0,0,0,ffff") return bytes.subarray(12).join(".");
  let [start, length] = [0, 1];
  for (let at = 0; at < GROUPS; at++) {
    let end = at;
    while (groups[end] === "0") end++;
    if (end - at > length) [start, length] = [at, end - at];
  }
  if (length === 1) return groups.join(":");
  return `${groups.slice(0, start).join(":")}::${groups.slice(start + length).join(":")}`;
}
