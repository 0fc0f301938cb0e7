/** Child processes of a test. Each leads a session of its own. Its disposal ends its descendants, too. */
import { searchPath } from "./programs.ts";

/** How long a process may take to obey SIGTERM before it gets SIGKILL. */
const TERM_GRACE_MS = 3_000;
/** How long the output of a process may take to arrive after the end of the process. */
const DRAIN_MS = 20_000;
const RUN_TIMEOUT_MS = 180_000;

export interface StartOptions {
  /** Variables to add to the caller's environment. With `clearEnv`, there are no others. */
  env?: Record<string, string>;
  cwd?: string;
  /** All of standard input; without it, standard input is empty. */
  stdin?: string;
  clearEnv?: boolean;
}

export interface RunOptions extends StartOptions {
  timeoutMs?: number;
}

export interface RunResult {
  code: number;
  signal: string | null;
  stdout: string;
  stderr: string;
}

/** A running child process. Hold it with `await using`. */
export class Proc implements AsyncDisposable {
  readonly pid: number;
  readonly status: Promise<Deno.CommandStatus>;
  readonly #cmd: string[];
  readonly #drained: Promise<unknown>;
  #stdout = "";
  #stderr = "";
  #both = "";
  #ended = false;

  constructor(cmd: string[], options: StartOptions) {
    this.#cmd = cmd;
    const [program, ...args] = cmd;
    if (program === undefined) throw new Error("no command to start");
    const child = new Deno.Command(program, {
      args,
      cwd: options.cwd,
      env: options.clearEnv ? options.env : { PATH: searchPath(), ...options.env },
      clearEnv: options.clearEnv,
      stdin: options.stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
      detached: true,
    }).spawn();
    this.pid = child.pid;
    this.status = child.status.finally(() => this.#ended = true);
    this.#drained = Promise.all([
      collect(child.stdout, (text) => (this.#stdout += text, this.#both += text)),
      collect(child.stderr, (text) => (this.#stderr += text, this.#both += text)),
      options.stdin === undefined ? undefined : feed(child.stdin, options.stdin),
    ]);
  }

  /** @returns Its standard output and standard error so far. */
  output(): string {
    return this.#both;
  }

  /**
   * Waits for the end of the process and of its output.
   *
   * @param timeoutMs When the time is over, the process is ended.
   * @returns How it ended and what it wrote.
   * @throws {Error} when the time is over, with the output so far.
   */
  async result(timeoutMs: number): Promise<RunResult> {
    const finished = Promise.all([this.status, this.#drained]);
    if (!await settles(finished, timeoutMs)) {
      await this[Symbol.asyncDispose]();
      throw new Error(`${this.#cmd.join(" ")}: not finished after ${timeoutMs} ms; so far:\n${this.#both}`);
    }
    const { code, signal } = await this.status;
    return { code, signal, stdout: this.#stdout, stderr: this.#stderr };
  }

  /**
   * Ends it and its descendants: SIGTERM, then SIGKILL.
   *
   * @throws {Error} when another process, which is no descendant any more, still has the output open.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    // A process that has ended has no children. Reading all processes takes time, thousands of times in a run of tests.
    const family = this.#ended ? [] : descendants(this.pid);
    if (!this.#ended) sendSignal(this.pid, "SIGTERM");
    if (!await settles(this.status, TERM_GRACE_MS)) sendSignal(this.pid, "SIGKILL");
    await this.status;
    await endAll(() => [...family, ...family.flatMap(({ pid }) => descendants(pid)), ...session(this.pid)]);
    if (await settles(this.#drained, DRAIN_MS)) return;
    throw new Error(`${this.#cmd.join(" ")}: it ended, but a process that it left behind holds its output`);
  }
}

/**
 * Starts a program.
 *
 * @param cmd The program and its arguments.
 * @param options Environment, directory and standard input.
 * @returns The process, to be held with `await using`.
 * @throws {Deno.errors.NotFound} when there is no such program.
 */
export function start(cmd: string[], options: StartOptions = {}): Proc {
  return new Proc(cmd, options);
}

/**
 * Runs a program to its end.
 *
 * @param cmd The program and its arguments.
 * @param options Environment, directory, standard input, and how long it may take (three minutes unless told).
 * @returns How it ended and what it wrote.
 * @throws {Error} when it takes longer: it is ended and the message has the output so far.
 */
export async function run(cmd: string[], options: RunOptions = {}): Promise<RunResult> {
  await using process = start(cmd, options);
  return await process.result(options.timeoutMs ?? RUN_TIMEOUT_MS);
}

async function collect(stream: ReadableStream<Uint8Array>, add: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of stream) add(decoder.decode(chunk, { stream: true }));
}

async function feed(stream: WritableStream<Uint8Array>, text: string): Promise<void> {
  const writer = stream.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch {
    // A program may end without reading all of its input.
  }
}

/** @returns Whether the promise settles within this time. */
export async function settles(promise: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<boolean>((resolve) => timer = setTimeout(() => resolve(false), timeoutMs));
  try {
    return await Promise.race([promise.then(() => true), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

function sendSignal(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch {
    // It ended by itself meanwhile.
  }
}

/** A process id is reused; together with the start time it is not. */
interface ProcessEntry {
  pid: number;
  parent: number;
  session: number;
  state: string;
  startTime: string;
}

function readProcess(pid: number): ProcessEntry | undefined {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state = "", parent, , session] = fields;
    return { pid, state, parent: Number(parent), session: Number(session), startTime: fields[19] ?? "" };
  } catch {
    return undefined;
  }
}

/** True if there are so many process ids that none is used again during a test: later processes have higher ids. */
const ARE_MANY = Number(Deno.readTextFileSync("/proc/sys/kernel/pid_max")) >= 2 ** 20;

/** Returns the id of the process that was started last. If an older process has a higher id, ids have begun again. */
function lastStarted(): number {
  return Number(Deno.readTextFileSync("/proc/loadavg").trimEnd().split(" ").at(-1));
}

/** @returns All processes that were started after this one; all processes if ids do not show which these are. */
function laterProcesses(pid: number): ProcessEntry[] {
  const least = ARE_MANY && lastStarted() >= pid ? pid : 0;
  const pids = [...Deno.readDirSync("/proc")].map(({ name }) => Number(name)).filter((each) => each > least);
  return pids.map(readProcess).filter((entry) => entry !== undefined);
}

function descendants(pid: number): ProcessEntry[] {
  const all = laterProcesses(pid);
  const found = all.filter(({ parent }) => parent === pid);
  for (const entry of found) found.push(...all.filter(({ parent }) => parent === entry.pid));
  return found;
}

function session(leader: number): ProcessEntry[] {
  return laterProcesses(leader).filter(({ pid, session }) => session === leader && pid !== leader);
}

function isRunning(entry: ProcessEntry): boolean {
  const now = readProcess(entry.pid);
  return now !== undefined && now.startTime === entry.startTime && now.state !== "Z";
}

/** Ends all processes listed, and lists again, as a dying process may still start others. */
async function endAll(list: () => ProcessEntry[]): Promise<void> {
  const deadline = performance.now() + TERM_GRACE_MS;
  let left = list().filter(isRunning);
  for (const { pid } of left) sendSignal(pid, "SIGTERM");
  while (left.length > 0) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    left = list().filter(isRunning);
    if (performance.now() > deadline) { for (const { pid } of left) sendSignal(pid, "SIGKILL"); }
  }
}

/**
 * Returns whether a process lives. A zombie does not: in a container without an init process, its parent may never wait
 * for it.
 *
 * @param pid The process id.
 */
export function isAlive(pid: number | string): boolean {
  return !["Z", "X", undefined].includes(readProcess(Number(pid))?.state);
}
