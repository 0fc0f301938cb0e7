/** What the names in a directory stand for: the library reads them (`c/files/directory.h`), as it has written them. */
import { SOCK_DGRAM } from "./shim_socket.ts";
import type { Port } from "../run/ports.ts";
import { UnsockError } from "../system/errors.ts";
import { cString, type Runner, textOf } from "../system/ffi.ts";

/** The address that a socket is bound to. */
export interface BoundAddress {
  readonly text: string;
  /** Whether it is `::` for both families. */
  readonly forBoth: boolean;
}

const WHAT = ["plain", "port", "first", "listed", "waiting", "unlisted", "record", "next", "inner"] as const;

/** What one name says. */
export interface SocketName {
  readonly name: string;
  readonly port: number;
  readonly kind: Port["kind"];
  /**
   * `plain`: `PORT.sock` itself; `port`: that, as a link to the first socket; `first`: the file of this; `listed`: of
   * another one; `waiting`: of one that waits for another of its process; `unlisted`: that the port knows nothing of;
   * the others say nothing to users.
   */
  readonly what: typeof WHAT[number];
  /** Undefined: the name does not tell it for certain. */
  readonly address: BoundAddress | undefined;
  /** Whom a datagram client asks, if it tells. */
  readonly asks: string | undefined;
}

const FIRST_SIZE = 1 << 16;
/** The errnos that a directory may give, in the runtime's words. */
const REASONS: Readonly<Record<number, string>> = {
  [-13]: "Permission denied",
  [-20]: "Not a directory",
  [-40]: "Too many levels of symbolic links",
};
const ENOENT = -2;
const ENOBUFS = -105;
const MOST_SIZE = 1 << 28;

/**
 * @param directory An absolute path.
 * @param port One port's names; undefined: all.
 * @returns What there is; nothing in a directory that does not exist.
 * @throws {UnsockError} When it cannot be read.
 */
export function readSocketNames(directory: string, runner: Runner, port = 0): SocketName[] {
  for (let size = FIRST_SIZE;; size *= 4) {
    const text = new Uint8Array(size);
    const result = runner.unsock_directory_list(cString(directory), port, text, BigInt(size));
    if (result === ENOENT) return [];
    if (result === ENOBUFS && size < MOST_SIZE) continue;
    if (result < 0) throw directoryError(directory, result);
    return textOf(text).split("\n").filter((line) => line !== "").map(readLine);
  }
}

/** @returns What to throw where the library could not read a directory, by its -errno. */
function directoryError(directory: string, errno: number): UnsockError {
  return new UnsockError(`directory ${directory}: ${REASONS[errno] ?? `cannot be read (errno ${-errno})`}`);
}

function readLine(line: string): SocketName {
  const [name = "", port, kind, what, families, address = "", asks = ""] = line.split("\t");
  const known = WHAT.find((one) => one === what);
  if (known === undefined) throw new UnsockError(`library: another version's: "${what}"`);
  return {
    name,
    port: Number(port),
    kind: kind === "datagram" ? "datagram" : "stream",
    what: known,
    address: address === "" ? undefined : { text: address, forBoth: families === "both" },
    asks: asks === "" ? undefined : asks,
  };
}

/** @returns Whose the name of a file is, in whatever directory; undefined: no socket's of a port. */
export function portOfName(name: string, runner: Runner): Port | undefined {
  const type = new Int32Array(1);
  const number = runner.unsock_name_port(cString(name), new Uint8Array(type.buffer));
  return number > 0 ? { number, kind: type[0] === SOCK_DGRAM ? "datagram" : "stream" } : undefined;
}
