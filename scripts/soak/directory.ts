/** The files in the directory of the sockets: their owners, and which owners may be missing. */
import * as path from "@std/path/posix";
import { BoundSockets } from "../../lib/sockets/bound_names.ts";
import { namesQuestion } from "../../lib/sockets/socket_names.ts";
import { SOCKETS_QUESTION } from "../../lib/sockets/unix_sockets.ts";
import { Library } from "../../lib/library/query.ts";
import { BUILT } from "../../lib/library/place.ts";
import { Environ } from "../../lib/system/environ.ts";
import { linkTarget, lstatOrUndefined } from "../../lib/system/files.ts";
import { type Ports } from "./load.ts";

/** The library's own files, removed with a port's last socket. */
const INNER: readonly string[] = ["record", "next", "inner"];
const FILES_OF_KILLED_CLIENT = 2;
/** More than a tick of the clock by which the kernel dates files. */
const TICK_MS = 1000;

/** One file with the port that it stands for. */
interface SocketFile {
  readonly name: string;
  readonly port: number | undefined;
  readonly inode: number;
  readonly live: boolean;
}

/**
 * @param library Tells what the names mean.
 * @returns All files, with the library's reading of their names, and whether the kernel has a socket of that file.
 */
export function readFiles(directory: string, library = new Library(BUILT, Environ.of({}))): SocketFile[] {
  // The sockets first: a socket that is bound later looks stale, but only in this one reading.
  const bound = new BoundSockets(directory, library.ask(SOCKETS_QUESTION));
  // The list before its names' meanings: the library knows a lock that is made between the two.
  const names = Array.from(Deno.readDirSync(directory), ({ name }) => name), begun = Date.now();
  const known = new Map(library.ask(namesQuestion(), { dir: directory }).map((name) => [name.name, name]));
  return names.flatMap((name) => {
    const what = known.get(name);
    if (what !== undefined && INNER.includes(what.what)) return [];
    // A lock or a record may have gone before the library looked, and be there again since: it told nothing of that one.
    if (what === undefined && isYounger(path.join(directory, name), begun)) return [];
    const inode = inodeOf(path.join(directory, name));
    // The socket's own file, where this is a port's link.
    const own = path.basename(linkTarget(path.join(directory, name)) ?? name);
    const live = bound.of(own, inodeOf(path.join(directory, own)) ?? 0).length > 0;
    return inode === undefined ? [] : [{ name, port: what?.port, inode, live }];
  });
}

/** True if the file was made after that moment, or at it: the clock that dates files has ticks. */
function isYounger(file: string, than: number): boolean {
  return (lstatOrUndefined(file)?.mtimeMs ?? 0) > than - TICK_MS;
}

/** @returns undefined: it is not there. */
export function inodeOf(file: string): number | undefined {
  return lstatOrUndefined(file)?.ino;
}

/**
 * @param before The files of a while ago: only files that are stale both then and now count.
 * @param kills How many clients of datagrams were killed, and how many files left on purpose.
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
