/** Lists the directory: sockets alive and stale, control files, and the processes that hold them. */
import * as path from "@std/path/posix";
import * as fs from "node:fs";
import { Holders, type SocketHolder } from "./holders.ts";
import { BoundSockets } from "./bound_names.ts";
import { CONTROL_FILE_SIZE } from "../control/format.ts";
import { describeTarget } from "../control/words.ts";
import { readControlFile } from "../run/control_files.ts";
import { portFile } from "../run/ports.ts";
import type { Library } from "../library/query.ts";
import { reason } from "../system/errors.ts";
import { lstatOrUndefined } from "../system/files.ts";
import type { BoundAddress, SocketName } from "./socket_names.ts";
import type { UnixSocketEntry } from "./unix_sockets.ts";

/** One file of the directory that stands for a port. */
export interface SocketFile {
  readonly file: string;
  readonly port: number;
  /** Whether it is shown as the port's own file, which plain Unix programs know: `PORT.sock`, `PORT.dgram.sock`. */
  readonly first: boolean;
  /** On which address its socket is; undefined: not known. */
  readonly address: BoundAddress | undefined;
  /** Whom a datagram client asks, where its name tells. */
  readonly asks: string | undefined;
  readonly kind: "stream" | "datagram";
  /**
   * `control`: a control file; `stale`: nobody is bound to it; `waiting`: a socket that waits for another of its process
   * which has gone; `unknown`: not allowed to look.
   */
  readonly state: "alive" | "stale" | "control" | "invalid" | "unknown" | "waiting";
  /** A control file's target, or its error. */
  readonly target: string | undefined;
  readonly uid: number;
  readonly mode: number;
  /** Whether it listens; undefined: not known, as in another network namespace, or no stream. */
  readonly listening: boolean | undefined;
  /** When the file was made. */
  readonly since: Date | undefined;
  /** Processes, as far as rights allow. */
  readonly processes: readonly SocketHolder[];
  /** Accepted connections that are open. */
  readonly connections: number;
  /** More sockets on this port that wait: two of one process that were bound to one address, before one listens. */
  readonly waiting: number;
}

/** The library's answer about a directory. It reads the names first, so no new socket's name comes without it. */
export interface Listing {
  readonly names: readonly SocketName[];
  /** All of the network namespace. */
  readonly sockets: readonly UnixSocketEntry[];
}

/**
 * @param directory Where the socket files are: an absolute path.
 * @param library Explains control files.
 * @returns One entry a file, by port.
 */
export function listSocketFiles(directory: string, { names, sockets }: Listing, library: Library): SocketFile[] {
  const surroundings: Surroundings = {
    library,
    bound: new BoundSockets(directory, sockets),
    holders: new Holders(),
  };
  const firsts = new Set(names.filter(({ what }) => what === "first").map(keyOf));
  const [fronts, behind]: [SocketFile[], SocketFile[]] = [[], []];
  for (const name of names) {
    const entry = isShown(name, firsts) ? describeFile(directory, name, surroundings) : undefined;
    if (entry !== undefined) (name.what === "waiting" ? behind : fronts).push(entry);
  }
  return gather(fronts, behind).sort((a, b) =>
    a.port - b.port || b.kind.localeCompare(a.kind) || Number(b.first) - Number(a.first)
  );
}

interface Surroundings {
  readonly library: Library;
  readonly bound: BoundSockets;
  readonly holders: Holders;
}

function keyOf({ port, kind }: SocketName): string {
  return `${port} ${kind}`;
}

/** The first one is shown by its own file, under the name of the link: but for a link to a name without a file. */
function isShown(name: SocketName, firsts: ReadonlySet<string>): boolean {
  if (name.what === "port") return !firsts.has(keyOf(name));
  return ["plain", "first", "listed", "waiting", "unlisted"].includes(name.what);
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

function describeFile(directory: string, shown: SocketName, surroundings: Surroundings): SocketFile | undefined {
  const { port, kind, what, address, asks } = shown;
  const own = path.join(directory, shown.name);
  const first = what === "plain" || what === "port" || what === "first";
  const file = what === "first" ? portFile(directory, { number: port, kind }) : own;
  const status = lstatOrUndefined(own);
  if (status === undefined) return undefined; // gone meanwhile
  // Not every file system knows when a file was made.
  const since = status.birthtimeMs > 0 ? status.birthtime : status.ctime;
  const mode = status.mode & 0o777;
  const common = { file, port, first, address, asks, kind, uid: status.uid, mode, since, waiting: 0 };
  const nobody = { listening: undefined, processes: [], connections: 0 };
  if (what === "port") return { ...common, ...nobody, state: "stale", target: undefined };
  if (!status.isSocket()) return { ...common, ...nobody, ...describeControl(own) };
  const sockets = surroundings.bound.of(shown.name, status.ino);
  const bound = sockets.filter((socket) => !socket.connected || kind === "datagram");
  return {
    ...common,
    // The kernel's answer about the file counts: its name does not show its present state.
    state: shown.state ?? (bound.length > 0 ? "alive" : "unknown"),
    target: undefined,
    listening: kind === "stream" && bound.length > 0 ? bound.some(({ listening }) => listening) : undefined,
    processes: distinct(bound.flatMap((socket) => surroundings.holders.of(socket.inode))),
    connections: sockets.length - bound.length,
  };
}

/** A process may have several sockets of the same name: the file's owner has ended, and another took its place. */
function distinct(holders: readonly SocketHolder[]): SocketHolder[] {
  return [...new Map(holders.map((holder) => [holder.pid, holder])).values()];
}

function describeControl(file: string): Pick<SocketFile, "state" | "target"> {
  try {
    const status = fs.statSync(file);
    if (!status.isFile()) return { state: "invalid", target: "neither a socket nor a control file" };
    if (status.size !== CONTROL_FILE_SIZE) return { state: "invalid", target: `not ${CONTROL_FILE_SIZE} bytes long` };
    return { state: "control", target: describeTarget(readControlFile(file)) };
  } catch (error) {
    return { state: "invalid", target: reason(error) };
  }
}
