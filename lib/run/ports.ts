/** Ports as users write them, which the library parses (`c/rules/port_words.c`), and the names of their files. */
import { join } from "node:path";
import type { Question } from "../library/query.ts";
import { UsageError } from "../system/errors.ts";

/** A port of TCP, or of UDP. */
export interface Port {
  readonly number: number;
  readonly kind: "stream" | "datagram";
}

/** A port, of one address or of all. */
export interface AddressedPort extends Port {
  /** The address as people write it, or undefined for any address. */
  readonly address: string | undefined;
}

/** TCP and UDP, in the words of the library's answers. */
export const KINDS = ["stream", "datagram"] as const;

/** @param text `8000`, `8000/tcp` or `53/udp`, or with an address behind the number: `9042@127.0.0.2`, `53@::1/udp`. */
export function portQuestion(text: string): Question<AddressedPort> {
  return {
    word: `port=${text}`,
    failure: UsageError,
    read: (answer) => ({
      number: answer.number("port"),
      kind: answer.word("kind", KINDS),
      address: answer.maybeText("address"),
    }),
  };
}

/** @returns The port as users write it: `8000`, `53/udp`, `9042@127.0.0.2`. */
export function formatPort({ number, kind, address }: AddressedPort): string {
  return `${number}${address === undefined ? "" : `@${address}`}${kind === "stream" ? "" : "/udp"}`;
}

/** @returns The path of the port's file: the socket file, or a control file in its place. */
export function portFile(directory: string, { number, kind }: Port): string {
  return join(directory, `${number}${kind === "stream" ? "" : ".dgram"}.sock`);
}

/** @returns The wildcard of an address's family. */
export function wildcardOf(address: string): string {
  return address.includes(":") ? "::" : "0.0.0.0";
}
