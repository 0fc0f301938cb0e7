/** Starts the programs of a soak under the library, reads their reports, and ends them however the soak ends. */
import * as path from "@std/path/posix";
import { statOrUndefined } from "../../lib/system/files.ts";
import { libraryEnv } from "../../tests/support/library.ts";
import { childrenOf, processesWith } from "./kernel.ts";

const HERE = import.meta.dirname ?? ".";
const DEBIAN_PYTHON = "/usr/bin/python3";
const STDERR_MOST = 4000;

export interface Member {
  readonly name: string;
  readonly pid: number;
  readonly status: Promise<Deno.CommandStatus>;
  /** The program's exit status, or undefined while it runs. */
  ended: Deno.CommandStatus | undefined;
  /** The end of its output on standard error. */
  errors: string;
}

export class Family {
  readonly sockets: string;
  readonly #home: string;
  readonly #members: Member[] = [];
  readonly #python: string;

  /**
   * @param home A private directory, with a short path.
   * @param onLine Gets every line that a program writes to standard output.
   */
  constructor(home: string, readonly onLine: (line: string, member: Member) => void) {
    this.#home = home;
    this.sockets = path.join(home, "s");
    Deno.mkdirSync(this.sockets, { mode: 0o700 });
    this.#python = exists(DEBIAN_PYTHON) ? DEBIAN_PYTHON : "python3";
  }

  /** Starts one of the programs beside this file. */
  python(script: string, ...args: (string | number)[]): Member {
    return this.start(`${script} ${args.join(" ")}`, [this.#python, path.join(HERE, script), ...args.map(String)]);
  }

  start(name: string, [program = "", ...args]: readonly string[]): Member {
    const env = {
      ...libraryEnv(this.sockets),
      PYTHONPYCACHEPREFIX: path.join(this.#home, "cache"),
      MALLOC_ARENA_MAX: "1", // with many arenas, memory grows until each has held its largest message
      LC_ALL: "C.UTF-8",
    };
    const options = {
      args,
      env,
      cwd: this.#home,
      detached: true,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    } as const;
    const child = new Deno.Command(program, options).spawn();
    const member: Member = { name, pid: child.pid, status: child.status, ended: undefined, errors: "" };
    child.status.then((status) => member.ended = status);
    void readLines(child.stdout, (line) => this.onLine(line, member));
    void readLines(child.stderr, (line) => member.errors = `${member.errors}${line}\n`.slice(-STDERR_MOST));
    this.#members.push(member);
    return member;
  }

  /** @returns All living processes: the members, their children, and all others with this family's UNSOCK_DIR. */
  alive(): number[] {
    const members = this.#members.filter(({ ended }) => ended === undefined).map(({ pid }) => pid);
    return [...new Set([...members, ...members.flatMap(childrenOf), ...processesWith(`UNSOCK_DIR=${this.sockets}`)])];
  }

  kill(): void {
    const end = Date.now() + 5_000;
    for (let pids = this.alive(); pids.length > 0 && Date.now() < end; pids = this.strangers()) {
      for (const pid of pids) signal(pid, "SIGKILL");
    }
  }

  /** @returns The living processes with this family's UNSOCK_DIR that are no members. */
  strangers(): number[] {
    return processesWith(`UNSOCK_DIR=${this.sockets}`).filter((pid) =>
      !this.#members.some((member) => member.pid === pid)
    );
  }
}

/** Sends a signal to a process, if it still exists. */
export function signal(pid: number, name: Deno.Signal): void {
  try {
    Deno.kill(pid, name);
  } catch {
    // The process has ended.
  }
}

function exists(file: string): boolean {
  return statOrUndefined(file)?.isFile() === true;
}

export function isInstalled(program: string): boolean {
  return (Deno.env.get("PATH") ?? "").split(":").some((directory) => exists(path.join(directory, program)));
}

async function readLines(stream: ReadableStream<Uint8Array>, onLine: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  }
  if (rest !== "") onLine(rest);
}
