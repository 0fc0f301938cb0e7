import type { ChildProcess, SpawnOptions } from "node:child_process";
import type { Socket } from "node:net";

/** Whether unsock works on this machine, for `test.skipIf(!isSupported)`: Linux, with the library's package for it. */
export const isSupported: boolean;

/** An error, by `code`; the message says what to do. */
export class UnsockError extends Error {
  constructor(code: string, message: string, options?: ErrorOptions);
  readonly code:
    | "UNSOCK_LIBRARY" // there is no library for this machine
    | "UNSOCK_KEEPER" // the directory cannot be made, or its keeper was killed
    | "UNSOCK_CLOSED"
    | "UNSOCK_COMMAND" // a CommandError
    | "UNSOCK_EXPOSE"
    | "UNSOCK_LEFT" // a process could not be ended
    | "UNSOCK_MAP"
    | "UNSOCK_PORT"
    | "UNSOCK_REFUSED" // nobody listens at the port
    | "UNSOCK_SHELL"
    | "UNSOCK_TIMEOUT"
    | "UNSOCK_WAIT"; // the directory cannot be read
}

/** A command of `exec` that failed. */
export class CommandError extends UnsockError {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A TCP port, or a UDP port: `"53/udp"`. */
export type Port = number | `${number}` | `${number}/tcp` | `${number}/udp`;

export interface LoopbackOptions {
  /** The directory in whose `private` the loopback is made; default: as for `unsock run`. */
  readonly dir?: string;
  /** The name by which `unsock expose --http PORT` serves it: `http://NAME.localhost:PORT/`. */
  readonly name?: string;
  /** Addresses to redirect; default: `127.0.0.1/8,0.0.0.0,::1,::`. */
  readonly addr?: string;
  /** Only these ports: `"80,8000-8999"`. */
  readonly port?: string;
  readonly engine?: "auto" | "trap" | "preload";
  /** Refuse to start programs that the library cannot reach. */
  readonly strict?: boolean;
  /** Refuse IP traffic that is not redirected. */
  readonly blockInet?: boolean;
  /** Write a line for each redirected call to this file, or to `stderr`. */
  readonly log?: string;
  /** Ports that are mapped to Unix sockets at other paths: `{ 5432: "/run/postgresql/.s.PGSQL.5432" }`. */
  readonly map?: Readonly<Record<string | number, string>>;
  /** The library; default: the package's. */
  readonly lib?: string;
}

export interface ExecOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Its standard input. */
  readonly input?: string | Uint8Array;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface ExecResult {
  readonly code: 0;
  readonly signal: null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Loopback implements AsyncDisposable {
  private constructor();
  /** The directory of the socket files. */
  readonly directory: string;
  /** The variables for a program that is started in another way: `{ ...process.env, ...lo.env }`. */
  readonly env: Readonly<Record<string, string>>;
  /** Starts a command in the loopback, as `child_process.spawn` does. Its process is the command's own. */
  spawn(command: string, args?: readonly string[], options?: Omit<SpawnOptions, "shell">): ChildProcess;
  /**
   * Runs a command in the loopback to its end.
   * @throws {CommandError} When its exit status is not 0.
   */
  exec(command: string, args?: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /**
   * Waits until a client would be answered at the port, by default at most 30 seconds.
   * @throws {UnsockError} `UNSOCK_TIMEOUT`
   */
  wait(port: Port, options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal }): Promise<void>;
  /**
   * Maps a port to a Unix socket at another path: an absolute path, or `@name`, an abstract name.
   * @throws {UnsockError} `UNSOCK_MAP`
   */
  map(port: Port, path: string): Promise<void>;
  /**
   * Forwards a port of the real network, of TCP or UDP, to the server at a port here, until the loopback is closed: for a browser.
   * @param options.port The real network's port; default: any free one.
   * @param options.address The real network's address; default: 127.0.0.1.
   * @returns The real network's port.
   * @throws {UnsockError} `UNSOCK_EXPOSE`
   */
  expose(port: Port, options?: { readonly port?: number; readonly address?: string }): Promise<number>;
  /**
   * Asks the HTTP server at a port, from this process, over its Unix socket. `init` is that of `fetch`; redirects are not followed.
   * @param path With the query, default: `/`.
   * @throws {UnsockError} `UNSOCK_REFUSED`: nobody listens there yet.
   */
  fetch(port: Port, path?: string, init?: RequestInit): Promise<Response>;
  /** Connects this process to the server at a TCP port, over its Unix socket. */
  connect(port: Port): Socket;
  /** The file at which plain Unix programs reach a port. */
  path(port: Port): string;
  /**
   * Ends all processes of the loopback (SIGTERM, then SIGKILL) and removes the directory.
   * @throws {UnsockError} `UNSOCK_LEFT`: the message names the processes that did not end.
   */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Makes a loopback: a directory in which only its own programs find each other at 127.0.0.1. It is removed by
 * {@linkcode Loopback.close}, or when this process ends, however it ends.
 *
 * @example
 * ```js
 * import { loopback } from "unsock";
 *
 * const lo = await loopback();
 * try {
 *   lo.spawn("python3", ["-m", "http.server", "--bind", "127.0.0.1", "3000"], { stdio: "ignore" });
 *   await lo.wait(3000);
 *   const { status } = await lo.fetch(3000, "/");
 *   console.log(status); // 200
 * } finally {
 *   await lo.close();
 * }
 * ```
 */
export function loopback(options?: LoopbackOptions): Promise<Loopback>;
