/** Reads the files in the directory of the sockets, and checks that stale files have a reason. */
import * as path from "@std/path/posix";
import { BoundSockets } from "../../lib/sockets/bound_names.ts";
import { namesQuestion } from "../../lib/sockets/socket_names.ts";
import { SOCKETS_QUESTION } from "../../lib/sockets/unix_sockets.ts";
import { Library } from "../../lib/library/query.ts";
import { BUILT } from "../../lib/library/place.ts";
import { Environ } from "../../lib/system/environ.ts";
import { linkTarget, lstatOrUndefined } from "../../lib/system/files.ts";
import { type Ports } from "./load.ts";

/** The kinds of the library's internal files: a port's record, its next one, and files of no port, as the lock's. */
const INNER: readonly string[] = ["record", "next", "inner"];
const FILES_OF_KILLED_CLIENT = 2;
/** Longer than a tick of the clock by which the kernel dates files. */
const TICK_MS = 1000;

interface SocketFile {
  readonly name: string;
  readonly port: number | undefined;
  readonly inode: number;
  readonly live: boolean;
}

/**
 * @param library The library, which knows the meaning of the names.
 * @returns All files but the library's internal ones, with the port in each name, and whether a socket is bound to the
 *   file.
 */
export function readFiles(directory: string, library = new Library(BUILT, Environ.of({}))): SocketFile[] {
  // Reads the sockets first. So a socket that is bound later looks stale, but only in this one reading.
  const bound = new BoundSockets(directory, library.ask(SOCKETS_QUESTION));
  // Lists the files before it asks the library. In the other order, a lock that is made in between would be listed, but
  // unknown to the library.
  const names = Array.from(Deno.readDirSync(directory), ({ name }) => name), begun = Date.now();
  const known = new Map(library.ask(namesQuestion(), { dir: directory }).map((name) => [name.name, name]));
  return names.flatMap((name) => {
    const what = known.get(name);
    if (what !== undefined && INNER.includes(what.what)) return [];
    // A lock or a record may be removed before the library looks, and be made again afterwards.
    if (what === undefined && isYounger(path.join(directory, name), begun)) return [];
    const inode = inodeOf(path.join(directory, name));
    // If the file is a port link, takes the socket's own file.
    const own = path.basename(linkTarget(path.join(directory, name)) ?? name);
    const live = bound.of(own, inodeOf(path.join(directory, own)) ?? 0).length > 0;
    return inode === undefined ? [] : [{ name, port: what?.port, inode, live }];
  });
}

/** True if the file was changed at the time `than` or later. Allows for the ticks of the clock that dates files. */
function isYounger(file: string, than: number): boolean {
  return (lstatOrUndefined(file)?.mtimeMs ?? 0) > than - TICK_MS;
}

export function inodeOf(file: string): number | undefined {
  return lstatOrUndefined(file)?.ino;
}

/**
 * @param before The files of an earlier reading. Only files that were stale then and are stale now count.
 * @param kills How many datagram clients were killed, and how many files were left on purpose.
 * @returns The faults found.
 */
export function judgeFiles(
  directory: string,
  ports: Ports,
  before: readonly SocketFile[],
  kills: { clients: number; files: number },
): string[] {
  const known = new Set(before.filter(({ live }) => !live).map(({ inode }) => inode));
  const dead = readFiles(directory).filter(({ live, inode }) => !live && known.has(inode));
  const foreign = dead.filter(({ port }) => port === undefined || ports.isSteady(port));
  const others = dead.filter(({ port }) => port !== undefined && !ports.isOurs(port));
  const most = FILES_OF_KILLED_CLIENT * (kills.clients + 1) + kills.files + 1;
  const findings = foreign.map(({ name }) => `file ${name} is there without its process`);
  if (others.length > most) findings.push(`${others.length} stale files of clients, but at most ${most} can be there`);
  return findings;
}
