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

const NAME = /^(\.?)(\d{1,5})(?:@([\da-f.-]+|[\w+]{5}))?(\.dgram\.sock|\.sock|\.udp)(\.\d+)?$/;

/**
 * `PORT.sock`; `PORT@ADDR.sock`, of another address, with `-` for each colon, or five characters where it is too long
 * (and `.udp` for `.dgram.sock` then); `.PORT.sock.N`, which waits behind the first; or `.PORT.udp`, the first datagram
 * socket of a port that has several. Undefined for names that stand for no port.
 */
export function parseName(name: string): ParsedName | undefined {
  const [, dot = "", digits = "", own, suffix = "", number] = NAME.exec(name) ?? [];
  const port = Number(digits);
  const dotted = dot !== "";
  const aside = dotted && own === undefined && suffix === ".udp" && number === undefined;
  const hidden = dotted && !aside;
  const short = own !== undefined && own.length === 5 && !/[.-]/.test(own);
  if (port < 1 || port > 65535 || hidden !== (number !== undefined)) return undefined;
  if ((suffix === ".udp" && !aside && !short) || (dotted && own !== undefined)) return undefined;
  const address = own === undefined ? undefined : short ? ofShortName(own) : ofLongName(own.replaceAll("-", ":"));
  const kind = suffix === ".sock" ? "stream" : "datagram";
  return { port, address, kind, hidden, first: own === undefined && !hidden };
}

/** A socket on [::] that has a name of its own is for IPv6 alone: one for both families has nobody beside it. */
function ofLongName(text: string): BoundAddress | undefined {
  return parseIp(text) && { text, forBoth: false };
}

/** @returns Names in the directory that stand for ports. */
export function socketFileNames(directory: string): string[] {
  return readNames(directory).filter((name) => parseName(name) !== undefined && !isPortLink(directory, name))
    .toSorted();
}

/**
 * @returns Names of what the library has there for itself: the links that tell which sockets a port has, and the file of
 * its lock.
 */
export function innerNames(directory: string): string[] {
  const isInner = (name: string) =>
    /^\.unsock\.(lock|gone)$/.test(name) || /^\.\d{1,5}(\.sock|(\.dgram)?\.sock\.list)$/.test(name);
  return readNames(directory).filter((name) => isInner(name) || isPortLink(directory, name));
}

/** Whether it is `PORT.dgram.sock` of a port with several sockets: the first one's file is `.PORT.udp` then. */
export function isLinkToItself(directory: string, name: string): boolean {
  return linkTarget(path.join(directory, name)) === name;
}

/** @returns Whether it is that, or the name of an address that leads to the file of who has the port. */
export function isPortLink(directory: string, name: string): boolean {
  const target = linkTarget(path.join(directory, name));
  const [link, first] = [parseName(name), parseName(target ?? "")];
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
