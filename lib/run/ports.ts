/** Ports as users write them, and the names of their files. Pure. */
import * as path from "@std/path/posix";
import { UsageError } from "../system/errors.ts";
import { parseDecimal } from "../system/numbers.ts";

/** A port of TCP, or of UDP. */
export interface Port {
  readonly number: number;
  readonly kind: "stream" | "datagram";
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

/** @returns `8000`, `53/udp`. */
export function formatPort({ number, kind }: Port): string {
  return kind === "stream" ? `${number}` : `${number}/udp`;
}

/** @returns The path of its file: of the socket, or of a control file in its place. */
export function portFile(directory: string, { number, kind }: Port): string {
  return path.join(directory, `${number}${kind === "stream" ? "" : ".dgram"}.sock`);
}

/** @returns The path of the first datagram socket's file where a port has several, on addresses of their own. */
export function firstOfSeveral(directory: string, { number }: Port): string {
  return path.join(directory, `.${number}.udp`);
}

/**
 * @param text An address of a port's socket, as in `9042@127.0.0.2`.
 * @returns The path of the file that a socket there has beside others on the port: a name that is too long is shortened.
 */
export function addressFile(directory: string, { number, kind }: Port, text: string): string {
  return path.join(directory, `${number}@${text.replaceAll(":", "-")}${kind === "stream" ? "" : ".dgram"}.sock`);
}
