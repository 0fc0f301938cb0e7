/**
 * The rig that real programs run in: servers and clients with unsock's defaults, and after every client the proof that
 * the servers are socket files and not on the network. With UNSOCK_TEST_PLAIN=1 the same programs run over real TCP and
 * UDP, without unsock and without the proof: a test must pass there too, or it says nothing about unsock.
 */
import { join, normalize, parse } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { assertNoIpListener, ipListeners } from "../support/net.ts";
import { Proc, run, type RunOptions, type RunResult, start, type StartOptions } from "../support/process.ts";
import { findProgram } from "../support/programs.ts";
import { libraryEnv, libraryFile, unsockRun } from "../support/library.ts";
import { until } from "../support/wait.ts";

const PLAIN = Deno.env.get("UNSOCK_TEST_PLAIN") === "1";
const NOBODY = 65534;
const CACHE = Deno.env.get("DENO_DIR") ?? join(Deno.env.get("HOME") ?? "/", ".cache", "deno");

export interface ServerOptions extends StartOptions {
  /** The TCP ports that it must listen on before it counts as started. */
  tcp?: number[];
  /** The UDP ports that it must be bound to before it counts as started. */
  udp?: number[];
  /** It stops listening, as it should, when its first client is there: only then its files may be gone. */
  once?: boolean;
  /** Start it by the command line instead of by environment. */
  cli?: boolean;
}

export interface ClientOptions extends RunOptions {
  cli?: boolean;
  /** The exit status that it must have; 0 unless told. */
  code?: number;
}

interface Port {
  type: "tcp" | "udp";
  number: number;
}

/**
 * Runs `fn` with a rig of its own; ends all its servers and removes all its files afterwards.
 *
 * @param fn The test.
 * @throws What `fn` throws, with the output of all servers.
 */
export async function withRig(fn: (rig: Rig) => Promise<void>): Promise<void> {
  await withDir(async (dir) => {
    await using rig = new Rig(dir);
    try {
      await fn(rig);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      throw new Error(`${text}\n${rig.outputs()}`, { cause: error });
    }
  });
}

export class Rig implements AsyncDisposable {
  /** The directory of the socket files. */
  readonly sockets: string;
  /** A directory for all other files. */
  readonly files: string;
  readonly #servers: { cmd: string[]; process: Proc; ports: Port[]; once: boolean }[] = [];

  constructor(dir: string) {
    this.sockets = join(dir, "s");
    this.files = join(dir, "f");
    Deno.mkdirSync(this.sockets, { mode: 0o700 });
    Deno.mkdirSync(this.files);
    Deno.chmodSync(dir, 0o755);
  }

  /**
   * Starts a server and waits until it listens.
   *
   * @param cmd The program, found also outside of PATH, and its arguments.
   * @param options The sockets it listens on, and its start.
   * @returns The process; the rig ends it.
   * @throws {Error} when it ends instead, or is found on the network.
   */
  async server(cmd: string[], options: ServerOptions): Promise<Proc> {
    const process = start(this.#argv(cmd, options), { ...options, env: this.#env(options) });
    const ports: Port[] = [
      ...(options.tcp ?? []).map((number): Port => ({ type: "tcp", number })),
      ...(options.udp ?? []).map((number): Port => ({ type: "udp", number })),
    ];
    this.#servers.push({ cmd, process, ports, once: options.once ?? false });
    let end: string | undefined;
    process.status.then(({ code, signal }) => end = signal ?? `status ${code}`);
    await until(`${cmd[0]} listens`, () => {
      if (end) throw new Error(`${cmd[0]} ended before it listened: ${end}`);
      return ports.every((port) => this.#isListening(port));
    }, 30_000);
    await this.#prove(ports);
    return process;
  }

  /**
   * Runs a client to its end and checks that no server of the rig is on the network.
   *
   * @param cmd The program, found also outside of PATH, and its arguments.
   * @param options How it is run and how it must end.
   * @returns How it ended and what it wrote.
   * @throws {Error} when it has another exit status, with its output.
   */
  async client(cmd: string[], options: ClientOptions = {}): Promise<RunResult> {
    const result = await run(this.#argv(cmd, options), { ...options, env: this.#env(options) });
    if (result.signal !== null || result.code !== (options.code ?? 0)) {
      const how = result.signal ?? `status ${result.code}`;
      throw new Error(`${cmd.join(" ")}: ${how}\n${result.stdout}${result.stderr}`);
    }
    await this.#proveOffNetwork();
    return result;
  }

  /** Checks for every running server that its ports are socket files and nothing on the network has them. */
  async #proveOffNetwork(): Promise<void> {
    for (const { ports, once } of this.#servers) await this.#prove(ports, once);
  }

  /**
   * Ends one server before the others; its ports are not looked for any more.
   *
   * @param process The result of `server`.
   */
  async end(process: Proc): Promise<void> {
    const index = this.#servers.findIndex((server) => server.process === process);
    this.#servers.splice(index, 1);
    await process[Symbol.asyncDispose]();
  }

  /**
   * Writes a file that every user may read.
   *
   * @param name Its name in the rig's directory for files.
   * @param content Its text or bytes.
   * @returns Its absolute path.
   */
  write(name: string, content: string | Uint8Array): string {
    const path = join(this.files, name);
    if (typeof content === "string") Deno.writeTextFileSync(path, content);
    else Deno.writeFileSync(path, content);
    return path;
  }

  /**
   * For a server that gives up root, or refuses to run as root: lets every user in.
   *
   * @param cmd A command.
   * @returns The command run by an unprivileged user, if the caller is root.
   */
  unprivileged(cmd: string[]): string[] {
    if (Deno.uid() !== 0) return cmd;
    Deno.chownSync(this.sockets, NOBODY, NOBODY);
    Deno.chmodSync(this.files, 0o1777);
    const ids = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
    const [program = "", ...rest] = cmd;
    return ["setpriv", ...ids, findProgram(program) ?? program, ...rest];
  }

  /** The output of all servers so far. */
  outputs(): string {
    return this.#servers.map(({ cmd, process }) => `--- ${cmd.join(" ")}\n${process.output()}`).join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { process } of this.#servers.splice(0).reverse()) await process[Symbol.asyncDispose]();
  }

  #argv([name = "", ...args]: string[], { cli }: { cli?: boolean }): string[] {
    const cmd = [findProgram(name) ?? name, ...args];
    return cli && !PLAIN ? unsockRun(this.sockets, cmd, ["--lib", this.#library()]) : cmd;
  }

  #env({ cli, env }: { cli?: boolean; env?: Record<string, string> }): Record<string, string> {
    // Locale, proxy and home of the machine must not reach the programs; the command line's own cache must not be lost.
    const common = { LC_ALL: "C.UTF-8", no_proxy: "*", HOME: this.files, DENO_DIR: CACHE, ...env };
    return cli || PLAIN ? common : { ...libraryEnv(this.sockets), LD_PRELOAD: this.#library(), ...common };
  }

  /** An unprivileged user may not be able to reach the source tree: give each rig the library itself. */
  #library(): string {
    const copy = join(this.files, "libunsock.so");
    try {
      Deno.statSync(copy);
    } catch {
      Deno.copyFileSync(libraryFile(), copy);
    }
    return copy;
  }

  #isListening({ type, number }: Port): boolean {
    if (PLAIN) return ipListeners().some(({ protocol, port }) => port === number && protocol.startsWith(type));
    const file = this.#socketFile({ type, number });
    const listening = type === "tcp" ? "00010000" : "00000000";
    const lines = Deno.readTextFileSync("/proc/net/unix").split("\n").map((line) => line.trim().split(/\s+/));
    const { dir } = parse(file);
    const address = join(dir, `.${number}${type === "tcp" ? "" : "u"}@`);
    const isIts = (name: string) => name === file || name.startsWith(address);
    return lines.some((fields) => isIts(normalize(fields[7] ?? "")) && fields[3] === listening);
  }

  #socketFile({ type, number }: Port): string {
    return join(this.sockets, type === "tcp" ? `${number}.sock` : `${number}.dgram.sock`);
  }

  /** A server may be between two listeners: iperf3 has one for each test. */
  async #prove(ports: Port[], mayBeGone = false): Promise<void> {
    if (PLAIN) return;
    for (const port of ports) {
      const file = this.#socketFile(port);
      const isSocket = () => Deno.stat(file).then((status) => status.isSocket, () => false);
      if (!mayBeGone) await until(`${file} is a socket`, isSocket);
      assertNoIpListener(port.number);
    }
  }
}
