/**
 * Lists the loopbacks of a user, and the ports that have a server in them. Reads the directories anew for each list, so
 * that servers appear and disappear soon. Uses a directory or link only if its owner is this user, root, or the owner
 * of its parent directory.
 */
import * as fs from "node:fs";
import { basename, join } from "node:path";
import { CONTROL_FILE_SIZE } from "../control/format.ts";
import { portFile } from "../run/ports.ts";
import { dnsLabel, isLabel, withNumber } from "../system/dns_label.ts";
import { LAST_PORT } from "../system/numbers.ts";
import { orUndefined } from "../system/files.ts";
import { effectiveUser, mayOwn } from "../system/users.ts";
import { listCheckouts } from "./checkouts.ts";
import type { Shared } from "../system/shared.ts";
import type { StaleFiles } from "./stale.ts";

const NAMES = ".names";
const PRIVATE = "private";
/** True if `sun_path` has room for the directory's path and `/65535.sock`. */
const hasRoom = (path: string) => new TextEncoder().encode(path).length < 96;
const LOOPBACKS_MOST = 256;
const PORTS_MOST = 64;
const PORT_FILE = /^([1-9]\d{0,4})\.sock$/;

/** A directory of socket files, and its name in `http://NAME.localhost/`. */
export interface Loopback {
  readonly name: string;
  readonly path: string;
  /** True if the directory also has a name that comes earlier in the order of `listLoopbacks`. */
  readonly isSecondName: boolean;
}

/**
 * The two directories in which a user's loopbacks are. `expose --http` first checks that not everybody can write to
 * them, and that no other user can replace them. `--force` skips both checks for `extra` alone.
 */
export interface Directories {
  /** The user's default directory, which has the names that `run --name` gave. */
  readonly base: string;
  /** The directory that `--dir`, `--here` or `UNSOCK_DIR` names; else the same as `base`. */
  readonly extra: string;
}

/** The directories, the library, and the searches that concurrent requests share. */
export interface Places extends Directories {
  /** The path of `libunsock.so`. */
  readonly library: string;
  /** Finds files that killed servers have left. */
  readonly stale: StaleFiles;
  /** Lists all loopbacks. */
  readonly all: Shared<readonly Loopback[]>;
}

/** Returns the directory's entries; none if the directory is missing, or this user may not read it. */
function entriesOf(directory: string): fs.Dirent[] {
  return orUndefined(() => fs.readdirSync(directory, { withFileTypes: true })) ?? [];
}

function statOf(path: string, follow: boolean): fs.Stats | undefined {
  return (follow ? fs.statSync : fs.lstatSync)(path, { throwIfNoEntry: false });
}

/** True if an entry that `owner` owns may be used in a directory that `parent` owns. */
function isTrusted(owner: number, parent: number): boolean {
  return mayOwn(owner, parent, effectiveUser());
}

/** Returns the owner of the directory with the names of `run --name`: this user or root; undefined in other cases. */
function ownerOfNames(names: string): number | undefined {
  const directory = orUndefined(() => statOf(names, false));
  return directory?.isDirectory() && isTrusted(directory.uid, 0) ? directory.uid : undefined;
}

/** Returns the directory that a name of `run --name` stands for, or undefined if there is none that may be used. */
function pathOfName(names: string, owner: number, name: string): string | undefined {
  const link = join(names, name);
  const path = orUndefined(() => isTrusted(fs.lstatSync(link).uid, owner) ? fs.readlinkSync(link) : undefined);
  return path?.startsWith("/") && orUndefined(() => statOf(path, true))?.isDirectory() ? path : undefined;
}

/** Adds the loopbacks that `run --name` named. */
function addNamed(names: string, add: (name: string, path: string) => void): void {
  const owner = ownerOfNames(names);
  if (owner === undefined) return;
  for (const entry of entriesOf(names)) {
    if (!entry.isSymbolicLink() || !isLabel(entry.name)) continue;
    const path = pathOfName(names, owner, entry.name);
    if (path !== undefined) add(entry.name, path);
  }
}

/** Adds a directory's subdirectories, with names made into DNS labels. Skips links, `private` and hidden directories. */
function addDirectories(parent: string, add: (name: string, path: string) => void): void {
  const owner = orUndefined(() => statOf(parent, false));
  if (!owner?.isDirectory()) return;
  for (const { name } of entriesOf(parent).filter((entry) => entry.isDirectory())) {
    const path = join(parent, name);
    if (name.startsWith(".") || name === PRIVATE) continue;
    const found = orUndefined(() => statOf(path, false));
    if (found?.isDirectory() && isTrusted(found.uid, owner.uid)) add(dnsLabel(name), path);
  }
}

/** Returns the name, with a number if another directory has the name. */
function firstFree(name: string, found: ReadonlyMap<string, Loopback>): string {
  let wanted = name;
  for (let number = 2; found.has(wanted); number++) wanted = withNumber(name, number);
  return wanted;
}

/**
 * @returns The loopbacks, sorted by name, at most `LOOPBACKS_MOST`. If several could have the same name, the first in
 *   this order gets it: names given by `run --name`, `extra` and its subdirectories, `base` and its subdirectories,
 *   checkouts. Each checkout also has its long name. A checkout whose name is taken has only its long name, with a
 *   number if that is taken, too.
 */
export function listLoopbacks({ base, extra }: Directories): Loopback[] {
  const found = new Map<string, Loopback>();
  const paths = new Set<string>();
  const add = (name: string, path: string) => {
    const fits = name !== "" && hasRoom(path) && found.size < LOOPBACKS_MOST;
    if (!fits || found.has(name)) return;
    found.set(name, { name, path, isSecondName: paths.has(path) });
    paths.add(path);
  };
  const checkouts = listCheckouts(base);
  addNamed(join(base, NAMES), add);
  for (const directory of new Set([extra, base])) {
    if (!checkouts.some(({ path }) => path === directory)) add(dnsLabel(basename(directory)), directory);
    addDirectories(directory, add);
    addDirectories(join(directory, PRIVATE), (name, path) => {
      add(name, path);
      // The directories of the workers of `run --each`.
      addDirectories(path, (number, inner) => /^\d{7}$/.test(number) && add(`${name}-${number}`, inner));
    });
  }
  for (const { path, name } of checkouts) add(name, path);
  for (const { path, longName } of checkouts) if (!paths.has(path)) add(firstFree(longName, found), path);
  for (const { path, longName } of checkouts) add(longName, path);
  return [...found.values()].sort((one, other) => one.name < other.name ? -1 : 1);
}

/** @returns The loopback of this name, in upper or lower case. Finds a name of `run --name` without listing all. */
export async function findLoopback({ base, all }: Places, name: string): Promise<Loopback | undefined> {
  const wanted = name.toLowerCase();
  if (!isLabel(wanted)) return undefined;
  const names = join(base, NAMES);
  const owner = ownerOfNames(names);
  const path = owner === undefined ? undefined : pathOfName(names, owner, wanted);
  if (path !== undefined && hasRoom(path)) return { name: wanted, path, isSecondName: false };
  return (await all.ask()).find((loopback) => loopback.name === wanted);
}

/** @returns The path of the file of a loopback's TCP port. */
export function fileOf({ path }: Loopback, port: number): string {
  return portFile(path, { number: port, kind: "stream" });
}

/** True for a regular file whose size and owner are those of a control file that the library would follow. */
export function isControlFile(file: string, directory: string): boolean {
  return orUndefined(() => {
    const [status, owner] = [fs.statSync(file), fs.statSync(directory)];
    return status.isFile() && status.size === CONTROL_FILE_SIZE && isTrusted(status.uid, owner.uid);
  }) ?? false;
}

/** @returns The numbers of the TCP ports that have a file in a directory, in ascending order: at most 64. */
export function portNumbers(directory: string): number[] {
  const numbers = entriesOf(directory)
    .filter((entry) => !entry.isDirectory())
    .map(({ name }) => Number(PORT_FILE.exec(name)?.[1] ?? 0))
    .filter((port) => port > 0 && port <= LAST_PORT);
  return numbers.sort((one, other) => one - other).slice(0, PORTS_MOST);
}

/** A loopback and its ports. */
export interface Listed {
  readonly loopback: Loopback;
  readonly ports: readonly number[];
}

/** True if the path leads to a socket, directly or by a link. */
function isSocket(file: string): boolean {
  return orUndefined(() => fs.statSync(file).isSocket()) ?? false;
}

/**
 * Checks the files of all loopbacks at once.
 *
 * @param isOneEnough True to report the only port of a loopback unchecked. A client that connects to its file then
 *   learns whether the file is stale.
 * @returns Each loopback, with its TCP ports that have a server or a control file, in ascending order.
 */
export async function listPorts(
  loopbacks: readonly Loopback[],
  { stale }: Places,
  isOneEnough = false,
): Promise<Listed[]> {
  const all = loopbacks.map((loopback) => {
    const numbers = portNumbers(loopback.path);
    const isChecked = numbers.length > 1 || !isOneEnough;
    const sockets = new Set(isChecked ? numbers.filter((port) => isSocket(fileOf(loopback, port))) : []);
    return { loopback, numbers, isChecked, sockets };
  });
  const files = all.flatMap(({ loopback, sockets }) => [...sockets].map((port) => fileOf(loopback, port)));
  const gone = await stale.among(files);
  return all.map(({ loopback, numbers, isChecked, sockets }) => {
    const isServed = (port: number) => {
      const file = fileOf(loopback, port);
      return sockets.has(port) ? !gone.has(file) : isControlFile(file, loopback.path);
    };
    return { loopback, ports: isChecked ? numbers.filter(isServed) : numbers };
  });
}
