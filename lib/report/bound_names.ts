/** Which sockets are bound to names in a directory, whatever way they were spelled when they were bound. */
import * as path from "@std/path/posix";
import type { UnixSocketEntry } from "../system/unix_sockets.ts";

/** What tells a directory from all others. */
type Identity = string | undefined;

/**
 * The kernel keeps the text that a socket was bound with. It may lead through another link to the directory, and the
 * library itself writes slashes and `/./` in front of a datagram socket's name to tell its IP address.
 *
 * @param directory Absolute path; it need not exist.
 * @param sockets All that have a name.
 * @returns The sockets by the name of their file.
 */
export function boundNames(directory: string, sockets: readonly UnixSocketEntry[]): Map<string, UnixSocketEntry[]> {
  const byName = new Map<string, UnixSocketEntry[]>();
  const known = new Map<string, Identity>();
  const wanted = identify(directory);
  for (const socket of sockets) {
    if (!socket.path.startsWith("/")) continue;
    const { dir, base } = path.parse(path.normalize(socket.path));
    if (!known.has(dir)) known.set(dir, dir === directory ? wanted : identify(dir));
    if (dir !== directory && (wanted === undefined || known.get(dir) !== wanted)) continue;
    byName.set(base, [...byName.get(base) ?? [], socket]);
  }
  return byName;
}

function identify(directory: string): Identity {
  try {
    const { dev, ino } = Deno.statSync(directory);
    return `${dev} ${ino}`;
  } catch {
    return undefined;
  }
}
