/** The names in a directory that stand for ports. */
import * as path from "@std/path/posix";
import { type BoundAddress, ofShortName } from "./bound_address.ts";
import { reason, UnsockError } from "../system/errors.ts";
import { linkTarget } from "../system/files.ts";
import { parseIp } from "../system/ip.ts";

/** What a name says. */
export interface ParsedName {
  readonly port: number;
  /** That the name tells; undefined: none, or five characters that may stand for several. */
  readonly address: BoundAddress | undefined;
  readonly kind: "stream" | "datagram";
  readonly hidden: boolean;
  /** Whether it is the port's own file, which belongs to whoever came first. */
  readonly first: boolean;
}

const STREAM = /^(?:(\d{1,5})\.sock|\.(\d{1,5})@([\da-zA-Z.=_-]+)(?:\+[1-9]\d{0,2})?)$/;
const DATAGRAM = /^(\.?)(\d{1,5})(?:@([\da-f.-]+|[\w=]{5}))?(\.dgram\.sock|\.udp)(\.\d+)?$/;

/**
 * Of streams: `PORT.sock`, and `.PORT@ADDR` of each socket, with `-` for each colon or five characters where it is too
 * long, and `+N` with SO_REUSEPORT. Of datagrams: `PORT.dgram.sock`; `PORT@ADDR.dgram.sock`, of another address (or `.udp`
 * where it is too long); `.PORT.dgram.sock.N`, which waits behind the first; or `.PORT.udp`, the first of a port that has
 * several. Undefined for names that stand for no port.
 */
export function parseName(name: string): ParsedName | undefined {
  const [whole, digits, ownDigits, own] = STREAM.exec(name) ?? [];
  if (whole === undefined) return parseDatagramName(name);
  const port = Number(digits ?? ownDigits);
  const address = own === undefined ? undefined : parseAddress(own);
  if (port < 1 || port > 65535 || (own !== undefined && address === null)) return undefined;
  return { port, address: address ?? undefined, kind: "stream", hidden: false, first: own === undefined };
}

function parseDatagramName(name: string): ParsedName | undefined {
  const [, dot = "", digits = "", own, suffix = "", number] = DATAGRAM.exec(name) ?? [];
  const port = Number(digits);
  const dotted = dot !== "";
  const aside = dotted && own === undefined && suffix === ".udp" && number === undefined;
  const hidden = dotted && !aside;
  if (port < 1 || port > 65535 || hidden !== (number !== undefined)) return undefined;
  if ((suffix === ".udp" && !aside && !(own !== undefined && isShort(own))) || (dotted && own !== undefined)) {
    return undefined;
  }
  const address = own === undefined ? undefined : parseAddress(own) ?? undefined;
  return { port, address, kind: "datagram", hidden, first: own === undefined && !hidden };
}

function isShort(text: string): boolean {
  return text.length === 5 && !/[.-]/.test(text);
}

/** Undefined: it may be one of several; null: it is none. */
function parseAddress(text: string): BoundAddress | undefined | null {
  if (text === "any") return { text: "::", forBoth: true };
  if (isShort(text)) return ofShortName(text);
  const plain = text.replaceAll("-", ":");
  return parseIp(plain) ? { text: plain, forBoth: false } : null;
}

/** @returns The name of the socket to which `PORT.sock` leads; undefined: it is a plain server's, a control file or nothing. */
export function firstStream(directory: string, port: number): string | undefined {
  const name = linkTarget(path.join(directory, `${port}.sock`))?.replace(/^\.\//, "");
  const parsed = name === undefined ? undefined : parseName(name);
  return parsed?.port === port && parsed.kind === "stream" && !parsed.first ? name : undefined;
}

/** @returns Whether a stream socket's name is in its port's record; one that is not waits for another to go. */
export function isListed(directory: string, name: string, port: number): boolean {
  const first = firstStream(directory, port);
  const record = linkTarget(path.join(directory, `.${port}@`)) ?? "";
  return name === first || (first !== undefined && record.split(" ").some((entry) => name === `.${port}@${entry}`));
}

/** @returns Names in the directory that stand for ports: a port's first stream socket has `PORT.sock`. */
export function socketFileNames(directory: string): string[] {
  const isOther = (name: string) => {
    const parsed = parseName(name);
    if (parsed === undefined) return false;
    return parsed.kind === "stream" ? firstStream(directory, parsed.port) !== name : !isDatagramLink(directory, name);
  };
  return readNames(directory).filter(isOther).toSorted();
}

/**
 * @returns Names of what the library has there for itself: the links that tell which sockets a port has, and the file of
 * its lock.
 */
export function innerNames(directory: string): string[] {
  const isInner = (name: string) =>
    /^\.unsock\.(lock(\.\d+)?|gone)$/.test(name) || /^\.\d{1,5}(@~?|\.dgram\.sock\.list)$/.test(name);
  return readNames(directory).filter((name) => isInner(name) || isDatagramLink(directory, name));
}

/** Whether it is `PORT.dgram.sock` of a port with several sockets: the first one's file is `.PORT.udp` then. */
export function isLinkToItself(directory: string, name: string): boolean {
  return linkTarget(path.join(directory, name)) === name;
}

/** @returns Whether it is that, or the name of an address that leads to the file of who has the port. */
export function isDatagramLink(directory: string, name: string): boolean {
  const link = parseName(name);
  const target = link?.kind === "datagram" ? linkTarget(path.join(directory, name)) : undefined;
  const first = parseName(target ?? "");
  return target !== undefined && link !== undefined && first?.first === true && first.port === link.port &&
    first.kind === link.kind;
}

/**
 * @returns What there is; nothing in a directory that does not exist.
 * @throws {UnsockError} When it cannot be read.
 */
export function readNames(directory: string): string[] {
  try {
    return Array.from(Deno.readDirSync(directory), (entry) => entry.name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw new UnsockError(`directory ${directory}: ${reason(error)}`, { cause: error });
  }
}
