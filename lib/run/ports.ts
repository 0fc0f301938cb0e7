/** Ports as users write them, and the names of their files. Pure. */
import * as path from "@std/path/posix";
import { UsageError } from "../system/errors.ts";
import { formatIp, parseIp } from "../system/ip.ts";
import { parseDecimal } from "../system/numbers.ts";

/** A port of TCP, or of UDP. */
export interface Port {
  readonly number: number;
  readonly kind: "stream" | "datagram";
}

/** A port, perhaps of one address. */
export interface AddressedPort extends Port {
  /** As {@linkcode formatIp} writes it; undefined: whoever is there. */
  readonly address: string | undefined;
}

const KINDS: Readonly<Record<string, Port["kind"]>> = { tcp: "stream", udp: "datagram" };

/**
 * @param text `8000`, `8000/tcp` or `53/udp`.
 * @param name What the message calls it.
 * @throws {UsageError} When it is none of these.
 */
export function parsePort(text: string, name = "PORT"): Port {
  const [digits = "", protocol = "tcp", extra] = text.split("/");
  const number = parseDecimal(digits, 1, 65535);
  const kind = KINDS[protocol];
  if (number === undefined || kind === undefined || extra !== undefined) {
    throw new UsageError(`${name}: not a port from 1 to 65535, alone or with /tcp or /udp: "${text}"`);
  }
  return { number, kind };
}

/**
 * @param text The same, or with an address behind the number: `9042@127.0.0.2`, `53@::1/udp`.
 * @throws {UsageError} When it is none of these.
 */
export function parseAddressedPort(text: string): AddressedPort {
  const [, digits = text, written, protocol = ""] = /^(\d+)@([^/]*)(.*)$/.exec(text) ?? [];
  const port = parsePort(`${digits}${protocol}`);
  if (written === undefined) return { ...port, address: undefined };
  const bytes = parseIp(written);
  if (bytes === undefined) throw new UsageError(`PORT@ADDR: not an IP address: "${written}"`);
  return { ...port, address: formatIp(bytes) };
}

/** @returns `8000`, `53/udp`, `9042@127.0.0.2`. */
export function formatPort({ number, kind, address }: AddressedPort): string {
  return `${number}${address === undefined ? "" : `@${address}`}${kind === "stream" ? "" : "/udp"}`;
}

/** @returns The path of its file: of the socket, or of a control file in its place. */
export function portFile(directory: string, { number, kind }: Port): string {
  return path.join(directory, `${number}${kind === "stream" ? "" : ".dgram"}.sock`);
}

/** @returns The wildcard of an address's family. */
export function wildcardOf(address: string): string {
  return address.includes(":") ? "::" : "0.0.0.0";
}
