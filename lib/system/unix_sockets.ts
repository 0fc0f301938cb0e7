/** Which Unix sockets there are, and by what names: what the kernel's diagnosis says, or `/proc/net/unix` where it is silent. */
import type { Libc } from "./ffi.ts";
import { Proc } from "./proc.ts";

/** One socket with a name. */
export interface UnixSocketEntry {
  /** Its path, or `@` and an abstract name. An accepted socket has the path of its listener. */
  readonly path: string;
  readonly type: "stream" | "datagram" | "seqpacket" | "other";
  readonly listening: boolean;
  readonly connected: boolean;
  readonly inode: number;
  /** The inode of the file that it was bound to, which may have got another name, in 32 bits; without: not told. */
  readonly fileInode?: number;
}

const TYPES: Readonly<Record<number, UnixSocketEntry["type"]>> = { 1: "stream", 2: "datagram", 5: "seqpacket" };

/** @returns The sockets of this network namespace that have a name. */
export function listUnixSockets(libc: Libc): UnixSocketEntry[] {
  return askKernel(libc) ?? parseProcNetUnix(new Proc(libc).readText("/proc/net/unix") ?? "");
}

const LISTENING_FLAG = 0x10000;
const CONNECTED_STATE = "03";

/**
 * A name with a newline in it forges lines. Every socket has a line of its own, so of two that tell of one socket not
 * both are the kernel's, and neither is believed.
 *
 * @param text The whole of `/proc/net/unix`.
 * @returns Its sockets with a name.
 */
export function parseProcNetUnix(text: string): UnixSocketEntry[] {
  const entries: UnixSocketEntry[] = [];
  const told = new Map<number, number>();
  // Num RefCount Protocol Flags Type St Inode Path
  for (const match of text.matchAll(/^\w+: \w+ \w+ (\w+) (\w+) (\w+) +(\d+)(?: (.*))?$/gm)) {
    const [, flags = "", type = "", state, number, path = ""] = match;
    const inode = Number(number);
    told.set(inode, (told.get(inode) ?? 0) + 1);
    if (path === "") continue;
    entries.push({
      path,
      type: TYPES[parseInt(type, 16)] ?? "other",
      listening: (parseInt(flags, 16) & LISTENING_FLAG) !== 0,
      connected: state === CONNECTED_STATE,
      inode,
    });
  }
  return entries.filter(({ inode }) => told.get(inode) === 1);
}

/** netlink(7), sock_diag(7); the numbers are in the order of the machine. */
const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 0o2000003;
const NETLINK_SOCK_DIAG = 4;
const SOCK_DIAG_BY_FAMILY = 20;
const REQUEST_DUMP = 0x301;
const MESSAGE_DONE = 3;
const AF_UNIX = 1;
const SHOW_NAME_AND_FILE = 3;
const NAME_ATTRIBUTE = 0;
const FILE_ATTRIBUTE = 1;
const STATE_ESTABLISHED = 1;
const STATE_LISTEN = 10;
const HEADER_SIZE = 16;
const REQUEST_SIZE = HEADER_SIZE + 24;
const ANSWER_SIZE = 16;
/** The kernel puts no more into one answer. */
const BUFFER_SIZE = 32768;

/** @returns The sockets, whose names come with their length here; undefined where the kernel does not answer. */
function askKernel(libc: Libc): UnixSocketEntry[] | undefined {
  const fd = libc.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_SOCK_DIAG);
  if (fd < 0) return undefined;
  try {
    const request = new DataView(new ArrayBuffer(REQUEST_SIZE));
    request.setUint32(0, REQUEST_SIZE, true);
    request.setUint16(4, SOCK_DIAG_BY_FAMILY, true);
    request.setUint16(6, REQUEST_DUMP, true);
    request.setUint8(HEADER_SIZE, AF_UNIX);
    request.setUint32(HEADER_SIZE + 4, 0xffffffff, true); // in all states
    request.setUint32(HEADER_SIZE + 12, SHOW_NAME_AND_FILE, true);
    const bytes = new Uint8Array(request.buffer);
    if (Number(libc.write(fd, bytes, BigInt(bytes.length))) !== bytes.length) return undefined;
    const entries: UnixSocketEntry[] = [];
    const buffer = new Uint8Array(BUFFER_SIZE);
    for (;;) {
      const length = Number(libc.read(fd, buffer, BigInt(buffer.length)));
      if (length <= 0) return undefined;
      const end = readAnswers(new DataView(buffer.buffer, 0, length), entries);
      if (end !== "more") return end === "done" ? entries : undefined;
    }
  } finally {
    libc.close(fd);
  }
}

function readAnswers(view: DataView<ArrayBuffer>, entries: UnixSocketEntry[]): "more" | "done" | "failed" {
  for (let at = 0; at + HEADER_SIZE <= view.byteLength;) {
    const length = view.getUint32(at, true);
    const type = view.getUint16(at + 4, true);
    if (type === MESSAGE_DONE) return "done";
    if (type !== SOCK_DIAG_BY_FAMILY || length < HEADER_SIZE + ANSWER_SIZE) return "failed";
    const entry = readAnswer(new DataView(view.buffer, at + HEADER_SIZE, length - HEADER_SIZE));
    if (entry !== undefined) entries.push(entry);
    at += aligned(length);
  }
  return "more";
}

/** `struct unix_diag_msg` and its attributes; undefined: it has no name. */
function readAnswer(view: DataView<ArrayBuffer>): UnixSocketEntry | undefined {
  let path: string | undefined;
  let fileInode: number | undefined;
  for (let at = ANSWER_SIZE; at + 4 <= view.byteLength;) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > view.byteLength) return undefined;
    const attribute = view.getUint16(at + 2, true);
    if (attribute === NAME_ATTRIBUTE) path = nameOf(new Uint8Array(view.buffer, view.byteOffset + at + 4, length - 4));
    if (attribute === FILE_ATTRIBUTE && length >= 8) fileInode = view.getUint32(at + 4, true);
    at += aligned(length);
  }
  if (path === undefined) return undefined;
  const state = view.getUint8(2);
  return {
    path,
    type: TYPES[view.getUint8(1)] ?? "other",
    listening: state === STATE_LISTEN,
    connected: state === STATE_ESTABLISHED,
    inode: view.getUint32(4, true),
    ...fileInode === undefined ? {} : { fileInode },
  };
}

function nameOf(bytes: Uint8Array<ArrayBuffer>): string {
  const decoder = new TextDecoder();
  if (bytes[0] === 0) return `@${decoder.decode(bytes.subarray(1))}`;
  const end = bytes.indexOf(0);
  return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
}

function aligned(length: number): number {
  return (length + 3) & ~3;
}
