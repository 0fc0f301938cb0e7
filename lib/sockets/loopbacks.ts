/**
 * The loopbacks of a user, and the ports that have a server in them. Both are read anew for each request, so that
 * servers appear and disappear at once. Directories and links are used only if they belong to this user, to root, or to
 * the owner of their directory.
 */
import * as fs from "node:fs";
import { basename, join } from "node:path";
import { CONTROL_FILE_SIZE } from "../control/format.ts";
import { portFile } from "../run/ports.ts";
import { LAST_PORT } from "../system/numbers.ts";
import { effectiveUser, mayOwn } from "../system/users.ts";
import { staleFiles } from "./stale.ts";

const NAMES = ".names";
const PRIVATE = "private";
const NAME_MOST = 63;
/** Room for `/65535.sock` in `sun_path`. */
const PATH_MOST = 96;
const LOOPBACKS_MOST = 256;
const PORTS_MOST = 64;
const PORT_FILE = /^([1-9]\d{0,4})\.sock$/;
/** A label of a host's name, as `run --name` takes it (`c/process/loopback_name.c`). */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** A directory of socket files, by the name that it has in `http://NAME.localhost/`. */
export interface Loopback {
  readonly name: string;
  readonly path: string;
  /** True if the same directory has an earlier name, given by `run --name`. */
  readonly isSecondName: boolean;
}

/** The directories of loopbacks. Both have been checked: no other user can write to them or replace them. */
export interface Directories {
  /** The user's default directory, which has the names that `run --name` gave. */
  readonly base: string;
  /** The one that `--dir` names; it may be the same. */
  readonly extra: string;
}

/** The directories, and the library. */
export interface Places extends Directories {
  /** The path of `libunsock.so`, which checks files that may be stale. */
  readonly library: string;
}

function entriesOf(directory: string): fs.Dirent[] {
  try {
    return fs.readdirSync(directory, { withFileTypes: true });
  } catch {
    return []; // missing, or not readable by this user: nothing in it can be served
  }
}

function statOf(path: string, follow: boolean): fs.Stats | undefined {
  return (follow ? fs.statSync : fs.lstatSync)(path, { throwIfNoEntry: false });
}

/** True for the name of a loopback that `run --name` gave, and for each label of a host's name in lower case. */
export function isLabel(name: string): boolean {
  return LABEL.test(name);
}

/** True if entries that `owner` owns are used in a directory that `parent` owns. */
function isTrusted(owner: number, parent: number): boolean {
  return mayOwn(owner, parent, effectiveUser());
}

/** Returns the result of `look`; undefined if the file is gone, or this user may not access it. */
function lookAt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** Adds the loopbacks that `run --name` named. A name whose directory has gone is left for `run` and `prune` to remove. */
function addNamed(names: string, add: (name: string, path: string) => void): void {
  const directory = lookAt(() => statOf(names, false));
  if (!directory?.isDirectory() || !isTrusted(directory.uid, 0)) return;
  for (const entry of entriesOf(names)) {
    if (!entry.isSymbolicLink() || !isLabel(entry.name)) continue;
    const link = join(names, entry.name);
    const path = lookAt(() => isTrusted(fs.lstatSync(link).uid, directory.uid) ? fs.readlinkSync(link) : undefined);
    if (path?.startsWith("/") && lookAt(() => statOf(path, true))?.isDirectory()) add(entry.name, path);
  }
}

/** Adds the directories in a directory; links are not followed. */
function addDirectories(parent: string, add: (name: string, path: string) => void): void {
  const owner = lookAt(() => statOf(parent, false));
  if (!owner?.isDirectory()) return;
  for (const { name } of entriesOf(parent).filter((entry) => entry.isDirectory())) {
    const path = join(parent, name);
    if (name.startsWith(".") || name === PRIVATE) continue;
    const found = lookAt(() => statOf(path, false));
    if (found?.isDirectory() && isTrusted(found.uid, owner.uid)) add(name, path);
  }
}

/**
 * @returns All loopbacks, by name. If two have one name, the first in this order counts: names given by `run --name`,
 *   `extra` and its subdirectories, `base` and its subdirectories.
 */
export function listLoopbacks({ base, extra }: Directories): Loopback[] {
  const found = new Map<string, Loopback>();
  const paths = new Set<string>();
  const add = (name: string, path: string) => {
    const key = name.toLowerCase();
    const fits = name.length <= NAME_MOST && path.length < PATH_MOST && found.size < LOOPBACKS_MOST;
    if (!fits || found.has(key)) return;
    found.set(key, { name, path, isSecondName: paths.has(path) });
    paths.add(path);
  };
  addNamed(join(base, NAMES), add);
  for (const directory of new Set([extra, base])) {
    add(basename(directory), directory);
    addDirectories(directory, add);
    addDirectories(join(directory, PRIVATE), add);
  }
  return [...found.values()].sort((one, other) => one.name < other.name ? -1 : 1);
}

/** @returns The loopback of this name, whatever the case of its letters. */
export function findLoopback(loopbacks: readonly Loopback[], name: string): Loopback | undefined {
  const wanted = name.toLowerCase();
  return loopbacks.find((loopback) => loopback.name.toLowerCase() === wanted);
}

/** @returns The path of the file of a loopback's TCP port. */
export function fileOf({ path }: Loopback, port: number): string {
  return portFile(path, { number: port, kind: "stream" });
}

/** True for a regular file that the library would follow as a control file, as far as owner and size tell. */
export function isControlFile(file: string, directory: string): boolean {
  return lookAt(() => {
    const [status, owner] = [fs.statSync(file), fs.statSync(directory)];
    return status.isFile() && status.size === CONTROL_FILE_SIZE && isTrusted(status.uid, owner.uid);
  }) ?? false;
}

/** @returns The numbers of all TCP ports that have a file in a directory, in ascending order. */
export function portNumbers(directory: string): number[] {
  const numbers = entriesOf(directory)
    .filter((entry) => !entry.isDirectory())
    .map(({ name }) => Number(PORT_FILE.exec(name)?.[1] ?? 0))
    .filter((port) => port > 0 && port <= LAST_PORT);
  return numbers.sort((one, other) => one - other).slice(0, PORTS_MOST);
}

/**
 * @param isOneEnough If there is a single file, do not check whether it is stale: the connect finds that out.
 * @returns The TCP ports of a loopback that have a server or a control file, in ascending order.
 */
export async function listPorts(loopback: Loopback, { library }: Places, isOneEnough = false): Promise<number[]> {
  const { path } = loopback;
  const numbers = portNumbers(path);
  if (numbers.length === 0 || (isOneEnough && numbers.length === 1)) return numbers;
  const sockets = numbers.filter((port) => lookAt(() => fs.statSync(fileOf(loopback, port)).isSocket()));
  const stale = await staleFiles(path, sockets.map((port) => fileOf(loopback, port)), library);
  return numbers.filter((port) => {
    const file = fileOf(loopback, port);
    return sockets.includes(port) ? !stale.has(file) : isControlFile(file, path);
  });
}
