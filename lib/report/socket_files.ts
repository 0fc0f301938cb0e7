/** What is in the directory: sockets alive and stale, control files, and who holds them. */
import * as path from "@std/path/posix";
import { Holders, type SocketHolder } from "./holders.ts";
import { addressOfFirst, type BoundAddress } from "./bound_address.ts";
import { boundNames } from "./bound_names.ts";
import { CONTROL_FILE_SIZE, decodeControlFile } from "../control/control_file.ts";
import { reason } from "../system/errors.ts";
import { errnoOf, type Libc } from "../system/ffi.ts";
import { Proc } from "../system/proc.ts";
import { describeTarget } from "../control/format_control.ts";
import { firstStream, isDatagramLink, isListed, type ParsedName, parseName, readNames } from "./socket_names.ts";
import { listUnixSockets, type UnixSocketEntry } from "../system/unix_sockets.ts";
import { encodeAddress, unixAddress } from "../control/socket_address.ts";

/** One file of the directory that stands for a port. */
export interface SocketFile {
  readonly file: string;
  readonly port: number;
  /** Whether it is the port's own file, which belongs to whoever came first. */
  readonly first: boolean;
  /** On which address its socket is; undefined: not known. */
  readonly address: BoundAddress | undefined;
  readonly kind: "stream" | "datagram";
  /**
   * `control`: a control file; `stale`: nobody is bound to it; `waiting`: a socket that would take the port's file, were
   * there one; `unknown`: not allowed to look.
   */
  readonly state: "alive" | "stale" | "control" | "invalid" | "unknown" | "waiting";
  /** Where a control file leads, or what is wrong with it. */
  readonly target: string | undefined;
  readonly uid: number;
  readonly mode: number;
  /** Whether connections are taken; undefined: not known, as of a socket in another network namespace, or of no stream. */
  readonly listening: boolean | undefined;
  /** When the file was made. */
  readonly since: Date | undefined;
  /** Processes, as far as rights allow. */
  readonly processes: readonly SocketHolder[];
  /** Accepted connections that are open. */
  readonly connections: number;
  /** More sockets on this port that wait for the first one's name: two that were bound to one address. */
  readonly waiting: number;
}

/** What is asked for. */
export interface Wanted {
  /** One port's files; undefined: all. */
  readonly port?: number;
  /** Whether the processes behind them are looked for, which takes a look at every process; true unless told. */
  readonly processes?: boolean;
}

/**
 * @param directory Where the socket files are.
 * @returns One entry a file, by port.
 * @throws {UnsockError} When the directory cannot be read.
 */
export function listSocketFiles(directory: string, libc: Libc, { port, processes = true }: Wanted = {}): SocketFile[] {
  const proc = new Proc(libc);
  // Before the kernel is asked: what has come since then is no name that nobody knows.
  const names = readNames(directory);
  const bound = boundNames(directory, listUnixSockets(libc));
  const holders = processes ? new Holders(proc) : { of: () => [] };
  const surroundings: Surroundings = { libc, bound, holders };
  const [fronts, behind]: [SocketFile[], SocketFile[]] = [[], []];
  for (const name of names) {
    const parsed = parseName(name);
    if (parsed === undefined || (port !== undefined && parsed.port !== port)) continue;
    const shown = parsed.kind === "stream" ? seeStream(directory, name, parsed) : { file: name, name, parsed };
    const entry = describeFile(directory, shown, surroundings);
    if (entry !== undefined) (shown.parsed.hidden ? behind : fronts).push(entry);
  }
  return gather(fronts, behind).sort((a, b) => a.port - b.port || b.kind.localeCompare(a.kind));
}

interface Surroundings {
  readonly libc: Libc;
  /** Sockets by the name of their file. */
  readonly bound: ReadonlyMap<string, readonly UnixSocketEntry[]>;
  readonly holders: Pick<Holders, "of">;
}

/** A name, as it is shown. */
interface Shown {
  /** By which the socket is shown. */
  readonly file: string;
  /** By which it was bound. */
  readonly name: string;
  readonly parsed: ParsedName;
}

/** The first one is shown as `PORT.sock`, which plain Unix programs know. One that is in no record waits for another. */
function seeStream(directory: string, name: string, parsed: ParsedName): Shown {
  const front = `${parsed.port}.sock`;
  const first = firstStream(directory, parsed.port);
  if (parsed.first || first === undefined) return { file: name, name, parsed };
  if (name === first) return { file: front, name, parsed: { ...parsed, first: true } };
  return { file: name, name, parsed: { ...parsed, hidden: !isListed(directory, name, parsed.port) } };
}

/** Counts those that wait with the file that they wait behind. Without one, each is shown by itself. */
function gather(fronts: readonly SocketFile[], behind: readonly SocketFile[]): SocketFile[] {
  const isBehind = (front: SocketFile) => (file: SocketFile) =>
    file.port === front.port && file.kind === front.kind && front.first;
  const alone = behind.filter((file) => !fronts.some((front) => isBehind(front)(file)));
  const counted = fronts.map((front) => {
    const waiting = behind.filter(isBehind(front)).filter(({ state }) => state === "alive").length;
    return { ...front, waiting };
  });
  return [...counted, ...alone.map((file) => file.state === "alive" ? { ...file, state: "waiting" as const } : file)];
}

function describeFile(directory: string, shown: Shown, surroundings: Surroundings): SocketFile | undefined {
  const { port, kind, first } = shown.parsed;
  const [file, own] = [path.join(directory, shown.file), path.join(directory, shown.name)];
  let status: Deno.FileInfo;
  try {
    status = Deno.lstatSync(own);
  } catch {
    return undefined; // gone meanwhile
  }
  const since = status.birthtime ?? status.ctime ?? undefined;
  const mode = (status.mode ?? 0) & 0o777;
  if (status.isSymlink && isPortLink(directory, shown)) return undefined;
  const noted = first && kind === "datagram" && status.isSocket === true;
  const address = noted ? addressOfFirst(own, surroundings.libc) : shown.parsed.address;
  const common = { file, port, first, address, kind, uid: status.uid ?? 0, mode, since, waiting: 0 };
  const nobody = { listening: undefined, processes: [], connections: 0 };
  if (!status.isSocket) return { ...common, ...nobody, ...describeControl(file) };
  const sockets = socketsOf(own, shown.parsed, surroundings.bound);
  const bound = sockets.filter((socket) => !socket.connected || kind === "datagram");
  return {
    ...common,
    // The kernel's answer at the file counts: a name says nothing of what is there now.
    state: probe(own, surroundings.libc) ?? (bound.length > 0 ? "alive" : "unknown"),
    target: undefined,
    listening: kind === "stream" && bound.length > 0 ? bound.some(({ listening }) => listening) : undefined,
    processes: distinct(bound.flatMap((socket) => surroundings.holders.of(socket.inode))),
    connections: sockets.length - bound.length,
  };
}

function isPortLink(directory: string, { name, parsed }: Shown): boolean {
  return parsed.kind === "stream" ? firstStream(directory, parsed.port) !== undefined : isDatagramLink(directory, name);
}

/** The library renames datagram sockets' files: another one takes the port's name, and the kernel goes on telling the one that it was bound to. */
function socketsOf(file: string, parsed: ParsedName, bound: Surroundings["bound"]): readonly UnixSocketEntry[] {
  const { dir, base } = path.parse(file);
  const mayBeRenamed = (name: string) => {
    const other = parseName(name);
    return other?.port === parsed.port && other.kind === parsed.kind && !isSocket(path.join(dir, name));
  };
  const renamed = parsed.first && parsed.kind === "datagram" ? [...bound].filter(([name]) => mayBeRenamed(name)) : [];
  return bound.get(base) ?? renamed.flatMap(([, sockets]) => sockets);
}

function isSocket(file: string): boolean {
  try {
    return Deno.lstatSync(file).isSocket === true;
  } catch {
    return false;
  }
}

/** A process may have several sockets of the same name: the file's owner has ended, and another took its place. */
function distinct(holders: readonly SocketHolder[]): SocketHolder[] {
  return [...new Map(holders.map((holder) => [holder.pid, holder])).values()];
}

function describeControl(file: string): Pick<SocketFile, "state" | "target"> {
  try {
    const status = Deno.statSync(file);
    if (!status.isFile) return { state: "invalid", target: "neither a socket nor a control file" };
    if (status.size !== CONTROL_FILE_SIZE) return { state: "invalid", target: `not ${CONTROL_FILE_SIZE} bytes long` };
    return { state: "control", target: describeTarget(decodeControlFile(Deno.readFileSync(file))) };
  } catch (error) {
    return { state: "invalid", target: reason(error) };
  }
}

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const EPERM = 1;
const EPROTOTYPE = 91;
const ECONNREFUSED = 111;

/**
 * Connects a datagram socket, which no owner ever sees, of whatever type it is: the owner may be in another network namespace.
 *
 * @returns Undefined: it may not be asked.
 */
export function probe(file: string, libc: Libc): "alive" | "stale" | undefined {
  const fd = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return undefined;
  const address = new Uint8Array(encodeAddress(unixAddress(file)));
  const failure = errnoOf(libc, () => libc.connect(fd, address, address.length));
  libc.close(fd);
  if (failure === ECONNREFUSED) return "stale";
  return [0, EPERM, EPROTOTYPE].includes(failure) ? "alive" : undefined;
}
