/** Finds the sockets bound to files in a directory, however their paths were spelled at bind. */
import * as path from "@std/path/posix";
import { statOrUndefined } from "../system/files.ts";
import type { UnixSocketEntry } from "./unix_sockets.ts";

/** A text that is the same for all paths of one directory; undefined if the directory is missing. */
type Identity = string | undefined;

/** The sockets that are bound in one directory. */
export class BoundSockets {
  readonly #byName = new Map<string, UnixSocketEntry[]>();
  readonly #byFile = new Map<number, UnixSocketEntry[]>();

  /**
   * Finds the directory's sockets. The kernel reports the path that each socket was bound with. The path may
   * lead to the directory through a symbolic link.
   *
   * @param directory Absolute path; it need not exist.
   * @param sockets All Unix sockets with a path.
   */
  constructor(directory: string, sockets: readonly UnixSocketEntry[]) {
    const known = new Map<string, Identity>();
    const wanted = identify(directory);
    for (const socket of sockets) {
      if (!socket.path.startsWith("/")) continue;
      const { dir, base } = path.parse(path.normalize(socket.path));
      if (!known.has(dir)) known.set(dir, dir === directory ? wanted : identify(dir));
      if (dir !== directory && (wanted === undefined || known.get(dir) !== wanted)) continue;
      add(this.#byName, base, socket);
      if (socket.fileInode !== undefined) add(this.#byFile, socket.fileInode, socket);
    }
  }

  /**
   * Returns the sockets of a file. Tries the inode first: the library may rename a datagram socket's file, while the
   * kernel keeps reporting the old path. (On overlayfs, `inode` may differ from the kernel's; then the name decides.)
   *
   * @param name The file's name in the directory.
   * @param inode The file's inode.
   */
  of(name: string, inode: number): readonly UnixSocketEntry[] {
    return this.#byFile.get(Number(BigInt.asUintN(32, BigInt(inode)))) ?? this.#byName.get(name) ?? [];
  }
}

function add<K>(map: Map<K, UnixSocketEntry[]>, key: K, socket: UnixSocketEntry): void {
  const there = map.get(key);
  if (there === undefined) map.set(key, [socket]);
  else there.push(socket);
}

function identify(directory: string): Identity {
  const status = statOrUndefined(directory);
  return status && `${status.dev} ${status.ino}`;
}
