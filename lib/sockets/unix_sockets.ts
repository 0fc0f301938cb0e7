/** The question to the library for all Unix sockets and their paths. */
import type { Question } from "../library/query.ts";
import { KINDS, type Port } from "../run/ports.ts";

/** One socket with a name. */
export interface UnixSocketEntry {
  /** The path given at the bind, or `@` and an abstract name. An accepted socket has its listener's path. */
  readonly path: string;
  readonly type: "stream" | "datagram" | "seqpacket";
  readonly listening: boolean;
  readonly connected: boolean;
  readonly inode: number;
  /** The inode of the socket at the other end, or undefined if there is none or it is not known. */
  readonly peer: number | undefined;
  /** Bytes in the socket's queue; for a listener, the connections that are not accepted yet. */
  readonly unread: number;
  /** The lower 32 bits of the inode of the socket's file, which may have been renamed; undefined if unknown. */
  readonly fileInode?: number;
  /** The port in the name of the socket's file, in any directory; undefined if the name has none. */
  readonly port?: Port;
}

/** The question for the sockets of this network namespace that have a name. */
export const SOCKETS_QUESTION: Question<UnixSocketEntry[]> = {
  word: "sockets",
  read: (answer) =>
    believable(answer.list("sockets", (socket): UnixSocketEntry => {
      const [fileInode, number] = [socket.maybeNumber("fileInode"), socket.maybeNumber("port")];
      return {
        path: socket.text("path"),
        type: socket.word("type", ["stream", "datagram", "seqpacket"]),
        listening: socket.flag("listening"),
        connected: socket.flag("connected"),
        inode: socket.number("inode"),
        peer: socket.number("peer") || undefined,
        unread: socket.number("unread"),
        ...fileInode === undefined ? {} : { fileInode },
        ...number === undefined ? {} : { port: { number, kind: socket.word("kind", KINDS) } },
      };
    })),
};

/**
 * Drops all entries of a socket that is listed more than once. The kernel lists each socket once, so all but one are
 * forged: a name with a newline in it forges lines of /proc/net/unix.
 */
function believable(entries: readonly UnixSocketEntry[]): UnixSocketEntry[] {
  const told = new Map<number, number>();
  for (const { inode } of entries) told.set(inode, (told.get(inode) ?? 0) + 1);
  return entries.filter(({ inode }) => told.get(inode) === 1);
}
