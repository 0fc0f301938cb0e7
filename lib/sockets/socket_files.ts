/** Lists the directory: live and stale sockets, control files, and the processes that hold the sockets. */
import * as path from "@std/path/posix";
import * as fs from "node:fs";
import { Holders, type SocketHolder } from "./holders.ts";
import { BoundSockets } from "./bound_names.ts";
import { type Client, Peers } from "./clients.ts";
import { CONTROL_FILE_SIZE } from "../control/format.ts";
import { describeTarget } from "../control/words.ts";
import { readControlFile } from "../run/control_files.ts";
import { portFile } from "../run/ports.ts";
import { reason } from "../system/errors.ts";
import { lstatOrUndefined } from "../system/files.ts";
import type { BoundAddress, SocketName } from "./socket_names.ts";
import type { UnixSocketEntry } from "./unix_sockets.ts";

/** One file of a port in the directory. */
export interface SocketFile {
  readonly file: string;
  /** The path of the socket's own file, to which `file` may be a link. */
  readonly own: string;
  readonly port: number;
  /** Whether the file is shown under the name that plain Unix programs use: `PORT.sock`, `PORT.dgram.sock`. */
  readonly first: boolean;
  /** The address that the file's socket is bound to, or undefined if this is not known. */
  readonly address: BoundAddress | undefined;
  /** For a datagram client: the server's address, if the file's name has it. */
  readonly asks: string | undefined;
  readonly kind: "stream" | "datagram";
  /**
   * `control`: a control file. `invalid`: neither a control file nor a socket. `stale`: no socket is bound to the file.
   * `unknown`: this user may not check the file.
   */
  readonly state: "alive" | "stale" | "control" | "invalid" | "unknown";
  /** For `control`, the file's target; for `invalid`, why the file is no control file; else undefined. */
  readonly target: string | undefined;
  readonly uid: number;
  readonly mode: number;
  /** Whether the stream socket listens. Undefined for other kinds, and for sockets of other network namespaces. */
  readonly listening: boolean | undefined;
  readonly since: Date | undefined;
  /** The processes that hold the socket, as far as this user's rights allow. */
  readonly processes: readonly SocketHolder[];
  /** The number of open accepted connections. */
  readonly connections: number;
  /** The number of connections that the server has not accepted yet. */
  readonly backlog: number;
  /** The socket's clients, or undefined if the caller did not ask for them. */
  readonly clients: readonly Client[] | undefined;
}

/** The library's answers about a directory. Callers ask for `names` first: then `sockets` has every name's socket. */
export interface Listing {
  readonly names: readonly SocketName[];
  /** The Unix sockets of the network namespace that have a path. */
  readonly sockets: readonly UnixSocketEntry[];
}

export interface ListWishes {
  /** Whether to name the clients of each socket. */
  readonly withClients?: boolean;
  /** The processes that hold sockets, if they are read already. */
  readonly holders?: Holders;
}

/**
 * @param directory The absolute path of the directory of the socket files.
 * @returns An entry for each file, sorted by port.
 */
export function listSocketFiles(
  directory: string,
  { names, sockets }: Listing,
  { withClients = false, holders = new Holders() }: ListWishes = {},
): SocketFile[] {
  const surroundings: Surroundings = {
    bound: new BoundSockets(directory, sockets),
    holders,
    peers: withClients ? new Peers(sockets, holders) : undefined,
  };
  const firsts = new Set(names.filter(({ what }) => what === "first").map(keyOf));
  return names.filter((name) => isShown(name, firsts))
    .map((name) => describeFile(directory, name, surroundings))
    .filter((file) => file !== undefined)
    .sort((a, b) => a.port - b.port || b.kind.localeCompare(a.kind) || Number(b.first) - Number(a.first));
}

interface Surroundings {
  readonly bound: BoundSockets;
  readonly holders: Holders;
  /** Finds clients; undefined if the caller did not ask for them. */
  readonly peers: Peers | undefined;
}

function keyOf({ port, kind }: SocketName): string {
  return `${port} ${kind}`;
}

/**
 * True if the list has an entry for the name. If the port has a first socket, this socket's entry stands for the port
 * link, too. Otherwise the port link has its own entry.
 */
function isShown(name: SocketName, firsts: ReadonlySet<string>): boolean {
  if (name.what === "port") return !firsts.has(keyOf(name));
  return ["plain", "first", "listed", "unlisted"].includes(name.what);
}

function describeFile(directory: string, shown: SocketName, surroundings: Surroundings): SocketFile | undefined {
  const { port, kind, what, address, asks } = shown;
  const own = path.join(directory, shown.name);
  const first = what === "plain" || what === "port" || what === "first";
  const file = what === "first" ? portFile(directory, { number: port, kind }) : own;
  const status = lstatOrUndefined(own);
  if (status === undefined) return undefined; // gone meanwhile
  // Not every file system stores the time when a file was made.
  const since = status.birthtimeMs > 0 ? status.birthtime : status.ctime;
  const mode = status.mode & 0o777;
  const common = { file, own, port, first, address, asks, kind, uid: status.uid, mode, since };
  const nobody = { listening: undefined, processes: [], connections: 0, backlog: 0, clients: surroundings.peers && [] };
  if (what === "port") return { ...common, ...nobody, state: "stale", target: undefined };
  if (!status.isSocket()) return { ...common, ...nobody, ...describeControl(own) };
  const sockets = surroundings.bound.of(shown.name, status.ino);
  const bound = sockets.filter((socket) => !socket.connected || kind === "datagram");
  const connected = sockets.filter((socket) => !bound.includes(socket));
  return {
    ...common,
    // If the library could not check the file, the kernel's list of sockets decides.
    state: shown.state ?? (bound.length > 0 ? "alive" : "unknown"),
    target: undefined,
    listening: kind === "stream" && bound.length > 0 ? bound.some(({ listening }) => listening) : undefined,
    processes: distinct(bound.flatMap((socket) => surroundings.holders.of(socket.inode))),
    connections: connected.length,
    backlog: bound.reduce((sum, { listening, unread }) => sum + (listening ? unread : 0), 0),
    clients: kind === "stream" ? surroundings.peers?.ofStreams(connected) : surroundings.peers?.ofDatagrams(bound),
  };
}

/** Lists each process once. A process may have several sockets of one name, if the file was removed and made again. */
function distinct(holders: readonly SocketHolder[]): SocketHolder[] {
  return [...new Map(holders.map((holder) => [holder.pid, holder])).values()];
}

/** The `target` of a file without bytes: the reason why it is no control file. */
export const EMPTY_FILE = "empty";

function describeControl(file: string): Pick<SocketFile, "state" | "target"> {
  try {
    const status = fs.statSync(file);
    if (!status.isFile()) return { state: "invalid", target: "neither a socket nor a control file" };
    if (status.size === 0) return { state: "invalid", target: EMPTY_FILE };
    if (status.size !== CONTROL_FILE_SIZE) return { state: "invalid", target: `not ${CONTROL_FILE_SIZE} bytes long` };
    return { state: "control", target: describeTarget(readControlFile(file)) };
  } catch (error) {
    return { state: "invalid", target: reason(error) };
  }
}
