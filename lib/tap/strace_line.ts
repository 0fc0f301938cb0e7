/**
 * Reads the lines of `strace -f -yy -xx -ttt`. All texts in them are hexadecimal, so no byte of a program's data can
 * look like another part of the line. Does no I/O.
 */

/** A socket as strace shows its descriptor: the end of a connection, a listener, or a datagram socket. */
export interface Descriptor {
  readonly inode: number;
  /** The inode of the socket at the other end, or undefined if there is none. */
  readonly peer: number | undefined;
  /** The name that the socket was bound to, with `@` before an abstract one. */
  readonly name: string;
}

/** Bytes that a call has moved. */
export interface Moved {
  /** The first bytes, as many as strace prints. */
  readonly data: Uint8Array;
  readonly size: number;
  /** The name of the socket at the other end, or undefined if the call does not show it. */
  readonly name: string | undefined;
}

/** A call that has returned. */
export interface Call {
  readonly thread: number;
  /** In microseconds since 1970. */
  readonly time: number;
  readonly name: string;
  readonly result: number;
  readonly way: "in" | "out" | "other";
  readonly descriptor: Descriptor;
  /** The new connection, if the call is `accept`. */
  readonly accepted: Descriptor | undefined;
  readonly moved: readonly Moved[];
}

const HEX = String.raw`(?:\\x[0-9a-f]{2})*`;
const SOCKET = String.raw`\d+<UNIX(?:-[A-Z]+)?:\[(\d+)(?:->(\d+))?(?:,(@?)"(${HEX})")?\]>`;
const FIRST = new RegExp(`^${SOCKET}`);
const ANY = new RegExp(`(?:^|, )${SOCKET}`);
const LINE = /^(\d+) +(\d+)\.(\d{6}) (\w+)\((.*)\) += (-?\d+)(.*)$/s;
const NAME = new RegExp(`sun_path=(@?)"(${HEX})"`);
const TEXT = new RegExp(`^[^"]*"(${HEX})"`);
const PARTS = new RegExp(`iov_base="(${HEX})"`, "g");

const WAYS: Readonly<Record<string, Call["way"]>> = {
  read: "in",
  readv: "in",
  recvfrom: "in",
  recvmsg: "in",
  recvmmsg: "in",
  write: "out",
  writev: "out",
  sendto: "out",
  sendmsg: "out",
  sendmmsg: "out",
  sendfile: "out",
};

/** The system calls that strace shows. */
export const TRACED = [...Object.keys(WAYS), "splice", "accept", "accept4", "shutdown", "close"];

function bytesOf(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 4);
  for (let at = 0; at < bytes.length; at++) bytes[at] = parseInt(hex.slice(4 * at + 2, 4 * at + 4), 16);
  return bytes;
}

function nameOf(mark: string | undefined, hex: string | undefined): string {
  return `${mark ?? ""}${new TextDecoder().decode(bytesOf(hex ?? ""))}`;
}

function readDescriptor(found: RegExpExecArray | null): Descriptor | undefined {
  if (found === null) return undefined;
  const [, inode, peer, mark, name] = found;
  return { inode: Number(inode), peer: peer === undefined ? undefined : Number(peer), name: nameOf(mark, name) };
}

/** Reads the data of one message, and the name of the other end. */
function readMoved(text: string, size: number): Moved {
  const parts = Array.from(text.matchAll(PARTS), ([, hex = ""]) => hex);
  const hex = text.includes("iov_base=") ? parts.join("") : TEXT.exec(text)?.[1] ?? "";
  const [, mark, name] = NAME.exec(text) ?? [];
  return {
    data: bytesOf(hex.slice(0, 4 * size)),
    size,
    name: name === undefined ? undefined : nameOf(mark, name),
  };
}

/** Reads all messages of a call; those of `sendmmsg` and `recvmmsg` have a length each. */
function readMessages(text: string, result: number): Moved[] {
  if (!text.includes("msg_hdr=")) return [readMoved(text, result)];
  return text.split("{msg_hdr=").slice(1, 1 + result).map((part) =>
    readMoved(part, Number(/.*msg_len=(\d+)/s.exec(part)?.[1] ?? 0))
  );
}

/** @returns A successful call on a Unix socket. Undefined for other lines, peeks, SHUT_RD and reads of error queues. */
export function readCall(line: string): Call | undefined {
  const [, thread, seconds, micros, name = "", text = "", answer, behind = ""] = LINE.exec(line) ?? [];
  const result = Number(answer);
  if (thread === undefined || !(result >= 0)) return undefined;
  const first = FIRST.exec(text);
  const found = name === "splice" ? ANY.exec(text) : first;
  const descriptor = readDescriptor(found);
  if (descriptor === undefined || /MSG_PEEK|MSG_ERRQUEUE|SHUT_RD$/.test(text)) return undefined;
  const way = name === "splice" ? (first === null ? "out" : "in") : WAYS[name] ?? "other";
  const rest = text.slice((found?.index ?? 0) + (found?.[0].length ?? 0));
  const hasData = name !== "splice" && name !== "sendfile";
  return {
    thread: Number(thread),
    time: Number(seconds) * 1e6 + Number(micros),
    name,
    result,
    way,
    descriptor,
    accepted: name.startsWith("accept") ? readDescriptor(FIRST.exec(`${result}${behind}`)) : undefined,
    moved: way !== "other"
      ? hasData ? readMessages(rest, result) : [{ data: new Uint8Array(), size: result, name: undefined }]
      : name.startsWith("accept")
      ? [readMoved(rest, 0)]
      : [],
  };
}
