/** Ports as users write them, which the library reads (`c/program/port_words.c`), and the names of their files. */
import * as path from "@std/path/posix";
import { UsageError } from "../system/errors.ts";
import { cString, type Runner, textOf } from "../system/ffi.ts";

/** A port of TCP, or of UDP. */
export interface Port {
  readonly number: number;
  readonly kind: "stream" | "datagram";
}

/** A port, perhaps of one address. */
export interface AddressedPort extends Port {
  /** As people write it; undefined: whoever is there. */
  readonly address: string | undefined;
}

const MESSAGE_SIZE = 1 << 12;
const SOCK_DGRAM = 2;

/**
 * @param text `8000`, `8000/tcp` or `53/udp`, or with an address behind the number: `9042@127.0.0.2`, `53@::1/udp`.
 * @throws {UsageError} When it is none of these.
 */
export function readPort(text: string, runner: Runner): AddressedPort {
  const type = new Int32Array(1);
  const said = new Uint8Array(MESSAGE_SIZE);
  const number = runner.unsock_port_of(cString(text), new Uint8Array(type.buffer), said, BigInt(said.length));
  if (number < 0) throw new UsageError(textOf(said));
  return { number, kind: type[0] === SOCK_DGRAM ? "datagram" : "stream", address: textOf(said) || undefined };
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
