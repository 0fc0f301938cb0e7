/** IPv4 and IPv6 addresses as text and bytes, as strict as `inet_pton`. Pure. */
/**
 * @param text A dotted quad without leading zeros.
 * @returns Four bytes, or undefined.
 */
export function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || parts.some((part) => !/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255)) {
    return undefined;
  }
  return Uint8Array.from(parts, Number);
}

/** Reads colon-separated groups; only the very last may be a dotted quad. Undefined: not well-formed. */
function parseGroups(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    const ipv4 = mayEndInIpv4 && index === parts.length - 1 ? parseIpv4(part) : undefined;
    if (ipv4 !== undefined) {
      bytes.push(...ipv4);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      const value = parseInt(part, 16);
      bytes.push(value >> 8, value & 0xff);
    } else {
      return undefined;
    }
  }
  return bytes;
}

/**
 * @param text An IPv6 address without brackets and without a zone.
 * @returns Sixteen bytes, or undefined.
 */
export function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [first = "", second] = halves;
  const head = parseGroups(first, second === undefined);
  const tail = second === undefined ? [] : parseGroups(second, true);
  if (head === undefined || tail === undefined) return undefined;
  const gap = 16 - head.length - tail.length;
  if (second === undefined ? gap !== 0 : gap < 2) return undefined;
  return Uint8Array.from([...head, ...new Array<number>(gap).fill(0), ...tail]);
}

/**
 * @param text An address of either family.
 * @returns Four or sixteen bytes, or undefined; four of an IPv4-mapped one too, which is the IPv4 address.
 */
export function parseIp(text: string): Uint8Array | undefined {
  const bytes = parseIpv4(text) ?? parseIpv6(text);
  return bytes && isMapped(bytes) ? bytes.subarray(12) : bytes;
}

/** `::ffff:a.b.c.d` (RFC 4291, 2.5.5.2) */
function isMapped(bytes: Uint8Array): boolean {
  return bytes.length === 16 && bytes.subarray(0, 12).every((byte, index) => byte === (index < 10 ? 0 : 0xff));
}

/**
 * @param bytes Four or sixteen bytes.
 * @returns The address as people write it; IPv6 with its longest run of zeros left out.
 */
export function formatIp(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)).toString(16));
  const runs = [...groups.join(":").matchAll(/(?<![0-9a-f])0(?::0)+(?![0-9a-f])/g)];
  const longest = runs.reduce((best, run) => run[0].length > best.length ? run[0] : best, "");
  if (longest === "") return groups.join(":");
  return groups.join(":").replace(new RegExp(`(^|:)${longest}(:|$)`), "::");
}
