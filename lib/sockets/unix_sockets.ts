/** Asks the library for all Unix sockets and their paths. */
import type { Question } from "../library/query.ts";
import { KINDS, type Port } from "../run/ports.ts";

/** One socket with a path. */
export interface UnixSocketEntry {
  /** The path as the socket was bound. An accepted socket has its listener's path. */
  readonly path: string;
  readonly type: "stream" | "datagram" | "seqpacket";
  readonly listening: boolean;
  readonly connected: boolean;
  readonly inode: number;
  /** The lower 32 bits of the inode of its file, which may have been renamed since bind; missing: not known. */
  readonly fileInode?: number;
  /** The port that the file's name stands for, in any directory; undefined: none. */
  readonly port?: Port;
}

/** The sockets of this network namespace that have a path. */
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
        ...fileInode === undefined ? {} : { fileInode },
        ...number === undefined ? {} : { port: { number, kind: socket.word("kind", KINDS) } },
      };
    })),
};

/**
 * A name with a newline in it forges lines of /proc/net/unix. The kernel lists each socket once, so of two entries of
 * one socket at least one is forged, and both are dropped.
 */
function believable(entries: readonly UnixSocketEntry[]): UnixSocketEntry[] {
  const told = new Map<number, number>();
  for (const { inode } of entries) told.set(inode, (told.get(inode) ?? 0) + 1);
  return entries.filter(({ inode }) => told.get(inode) === 1);
}
