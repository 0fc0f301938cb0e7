/**
 * Finds the loopbacks of a user, or for root those of all users: the loopbacks that `expose --http` serves, and every
 * directory that a running process uses. Leaves out a directory that it cannot identify for certain.
 */
import * as path from "@std/path/posix";
import process from "node:process";
import { isSameFile, listNames, lstatOrUndefined, readText, statOrUndefined } from "../system/files.ts";
import { effectiveUser, mayOwn } from "../system/users.ts";
import { listLoopbacks } from "./loopbacks.ts";
import type { UnixSocketEntry } from "./unix_sockets.ts";

const PLACES_MOST = 256;
const VARIABLE = "UNSOCK_DIR=";

/** A directory of socket files. */
export interface Place {
  /** Its name in `http://NAME.localhost/`, or undefined if it has none. */
  readonly name: string | undefined;
  readonly path: string;
  readonly uid: number;
  /** The default directory of the place's user, in which `expose --http` records itself, or undefined if not known. */
  readonly base: string | undefined;
}

/** The directories with this user's own loopbacks. */
export interface OwnPlaces {
  /** The default directory, or undefined if it does not exist or is not safe. */
  readonly base: string | undefined;
  /** The directory that an option or `UNSOCK_DIR` names, or undefined if none does. */
  readonly extra: string | undefined;
}

/** Returns the default directories that the library has made for users (`c/process/run_directory.c`). */
function basesOfUsers(): string[] {
  const candidates = [
    ...listNames("/run/user").map((uid) => ({ uid, directory: `/run/user/${uid}/unsock` })),
    ...listNames("/tmp").filter((name) => /^unsock-\d+$/.test(name)).map((name) => ({
      uid: name.slice("unsock-".length),
      directory: `/tmp/${name}`,
    })),
  ];
  return candidates.filter(({ uid, directory }) => {
    const status = lstatOrUndefined(directory);
    return status?.isDirectory() && status.uid === Number(uid);
  }).map(({ directory }) => directory);
}

/** Returns the directories that `UNSOCK_DIR` names for this user's running processes; for root, for all processes. */
function directoriesInUse(): Set<string> {
  const found = new Set<string>();
  for (const pid of listNames("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    const text = readText(`/proc/${pid}/environ`);
    if (!text?.includes(VARIABLE)) continue;
    const directory = text.split("\0").find((line) => line.startsWith(VARIABLE))?.slice(VARIABLE.length);
    if (directory === undefined || found.has(directory) || !directory.startsWith("/")) continue;
    // In a container the same path is another directory.
    if (statOrUndefined(directory)?.isDirectory() && isSameFile(directory, `/proc/${pid}/root${directory}`)) {
      found.add(directory);
    }
  }
  return found;
}

/**
 * Returns the directories that have a socket's own file (`.PORT@ADDR`). For a user other than root, leaves out a
 * directory if neither the directory nor the file belongs to this user.
 */
function directoriesOfServers(sockets: readonly UnixSocketEntry[]): Set<string> {
  const found = new Set<string>();
  for (const { path: file, port, connected, fileInode } of sockets) {
    const { dir, base } = path.parse(path.normalize(file));
    if (connected || port === undefined || !dir.startsWith("/") || !base.startsWith(".") || found.has(dir)) continue;
    const [status, owner] = [lstatOrUndefined(file), statOrUndefined(dir)?.uid];
    const isIt = status?.isSocket() &&
      (fileInode === undefined || Number(BigInt.asUintN(32, BigInt(status.ino))) === fileInode);
    const me = effectiveUser();
    if (isIt && owner !== undefined && [0, owner, status?.uid].includes(me)) found.add(dir);
  }
  return found;
}

/** Gathers places. A directory counts once, even if it has several paths. */
class Gathered {
  readonly #places = new Map<string, Place>();

  add(directory: string, base: string | undefined, name: string | undefined): void {
    const status = statOrUndefined(directory);
    if (!status?.isDirectory() || this.#places.size >= PLACES_MOST) return;
    const key = `${status.dev} ${status.ino}`;
    if (!this.#places.has(key)) this.#places.set(key, { name, path: directory, uid: status.uid, base });
  }

  all(): Place[] {
    const keyOf = ({ name, path }: Place) => `${name === undefined ? "~" : name.toLowerCase()}\0${path}`;
    return [...this.#places.values()].sort((one, other) => keyOf(one) < keyOf(other) ? -1 : 1);
  }
}

/** Returns the places, sorted by name; places without a name come last. `sockets` are all Unix sockets with a path. */
export function listPlaces({ base, extra }: OwnPlaces, sockets: readonly UnixSocketEntry[]): Place[] {
  const gathered = new Gathered();
  const own = base ?? extra;
  const others = effectiveUser() === 0 ? basesOfUsers() : [];
  for (const one of new Set([...own === undefined ? [] : [own], ...others])) {
    const loopbacks = listLoopbacks({ base: one, extra: one === own ? extra ?? one : one });
    for (const { name, path, isSecondName } of loopbacks) if (!isSecondName) gathered.add(path, one, name);
  }
  for (const directory of [...directoriesInUse(), ...directoriesOfServers(sockets)]) {
    const uid = statOrUndefined(directory)?.uid;
    const front = [own, ...others].find((one) => one !== undefined && statOrUndefined(one)?.uid === uid);
    gathered.add(directory, front ?? (uid !== undefined && mayOwn(uid, effectiveUser()) ? own : undefined), undefined);
  }
  return gathered.all();
}
