/** What is in the directory: sockets alive and stale, control files, and who holds them. */
import * as path from "@std/path/posix";
import { Holders, type SocketHolder } from "./holders.ts";
import { BoundSockets } from "./bound_names.ts";
import { CONTROL_FILE_SIZE, explainControl } from "../control/control_facts.ts";
import { portFile } from "../run/ports.ts";
import { reason } from "../system/errors.ts";
import { errnoOf, type Libc, type Runner } from "../system/ffi.ts";
import { Proc } from "../system/proc.ts";
import { type BoundAddress, readSocketNames, type SocketName } from "./socket_names.ts";
import { listUnixSockets } from "../system/unix_sockets.ts";
import { unixAddress } from "../system/socket_address.ts";

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
  /** More sockets on this port that wait: two of one process that were bound to one address, before one listens. */
  readonly waiting: number;
}

/** What is asked for. */
export interface Wanted {
  /** One port's files; undefined: all. */
  readonly port?: number;
  /** Whether the processes behind them are looked for, which takes a look at every process; true unless told. */
  readonly processes?: boolean;
}

/** Who is asked: the library for names, the kernel for the rest. */
export interface Asked {
  readonly libc: Libc;
  readonly runner: Runner;
}

/**
 * @param directory Where the socket files are.
 * @returns One entry a file, by port.
 * @throws {UnsockError} When the directory cannot be read.
 */
export function listSocketFiles(
  directory: string,
  { libc, runner }: Asked,
  { port, processes = true }: Wanted = {},
): SocketFile[] {
  const proc = new Proc(libc);
  // Before the kernel is asked: what has come since then is no name that nobody knows.
  const names = readSocketNames(directory, runner, port);
  const bound = new BoundSockets(directory, listUnixSockets(libc));
  const holders = processes ? new Holders(proc) : { of: () => [] };
  const surroundings: Surroundings = { libc, runner, bound, holders };
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

interface Surroundings extends Asked {
  readonly bound: BoundSockets;
  readonly holders: Pick<Holders, "of">;
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
  let status: Deno.FileInfo;
  try {
    status = Deno.lstatSync(own);
  } catch {
    return undefined; // gone meanwhile
  }
  const since = status.birthtime ?? status.ctime ?? undefined;
  const mode = (status.mode ?? 0) & 0o777;
  const common = { file, port, first, address, asks, kind, uid: status.uid ?? 0, mode, since, waiting: 0 };
  const nobody = { listening: undefined, processes: [], connections: 0 };
  if (what === "port") return { ...common, ...nobody, state: "stale", target: undefined };
  if (!status.isSocket) return { ...common, ...nobody, ...describeControl(own, surroundings.runner) };
  const sockets = surroundings.bound.of(shown.name, status.ino);
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

/** A process may have several sockets of the same name: the file's owner has ended, and another took its place. */
function distinct(holders: readonly SocketHolder[]): SocketHolder[] {
  return [...new Map(holders.map((holder) => [holder.pid, holder])).values()];
}

function describeControl(file: string, runner: Runner): Pick<SocketFile, "state" | "target"> {
  try {
    const status = Deno.statSync(file);
    if (!status.isFile) return { state: "invalid", target: "neither a socket nor a control file" };
    if (status.size !== CONTROL_FILE_SIZE) return { state: "invalid", target: `not ${CONTROL_FILE_SIZE} bytes long` };
    return { state: "control", target: explainControl(Deno.readFileSync(file), runner).target };
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
  const address = unixAddress(file);
  const failure = errnoOf(libc, () => libc.connect(fd, address, address.length));
  libc.close(fd);
  if (failure === ECONNREFUSED) return "stale";
  return [0, EPERM, EPROTOTYPE].includes(failure) ? "alive" : undefined;
}
