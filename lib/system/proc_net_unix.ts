/** `/proc/net/unix`: which socket files somebody is bound to. Pure over its text. */

/** One socket with a path. */
export interface UnixSocketEntry {
  readonly path: string;
  readonly type: "stream" | "datagram" | "seqpacket" | "other";
  readonly listening: boolean;
  readonly connected: boolean;
  readonly inode: number;
}

const LISTENING_FLAG = 0x10000;
const CONNECTED_STATE = "03";
const TYPES: Readonly<Record<string, UnixSocketEntry["type"]>> = {
  "0001": "stream",
  "0002": "datagram",
  "0005": "seqpacket",
};

/**
 * @param text The whole file.
 * @returns Its sockets with a path or an abstract name (`@…`). An accepted socket has the path of its listener.
 */
export function parseProcNetUnix(text: string): UnixSocketEntry[] {
  const entries: UnixSocketEntry[] = [];
  // Num RefCount Protocol Flags Type St Inode Path
  for (const match of text.matchAll(/^\w+: \w+ \w+ (\w+) (\w+) (\w+) +(\d+) (.+)$/gm)) {
    const [, flags = "", type = "", state, inode, path = ""] = match;
    entries.push({
      path,
      type: TYPES[type] ?? "other",
      listening: (parseInt(flags, 16) & LISTENING_FLAG) !== 0,
      connected: state === CONNECTED_STATE,
      inode: Number(inode),
    });
  }
  return entries;
}
