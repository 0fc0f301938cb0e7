/** Watches a port's traffic until the user stops it. Attaches strace to the server's processes, and to new ones. */
import { holderNames } from "../sockets/format_sockets.ts";
import type { SocketHolder } from "../sockets/holders.ts";
import { readText } from "../system/files.ts";
import { UnsockError } from "../system/errors.ts";
import { printable } from "../system/text.ts";
import { effectiveUser } from "../system/users.ts";
import { LineJoiner } from "./line_joiner.ts";
import { type Servers, tracerOf } from "./servers.ts";
import { readCall } from "./strace_line.ts";
import { type Packet, Traffic } from "./traffic.ts";
import { Tracer } from "./tracer.ts";

const LOOK_AGAIN_MS = 1000;
const YAMA = "/proc/sys/kernel/yama/ptrace_scope";

export class Tap {
  readonly #servers: Servers;
  readonly #warn: (line: string) => void;
  readonly #joiner: LineJoiner;
  readonly #tracers = new Set<Tracer>();
  readonly #known = new Set<number>();
  readonly #stopped: Promise<void>;
  #stop: () => void = () => {};
  #isStopped = false;

  /** Makes a tap that gives each packet to `see`. */
  constructor(servers: Servers, see: (packet: Packet) => void, warn: (line: string) => void) {
    const traffic = new Traffic(servers, see);
    this.#stopped = new Promise((resolve) => this.#stop = resolve);
    this.#servers = servers;
    this.#warn = warn;
    this.#joiner = new LineJoiner((line) => {
      const call = readCall(line);
      if (call !== undefined) traffic.take(call);
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#stop();
  }

  /**
   * Runs the tap until `stop` is called.
   *
   * @param holders The server's processes.
   * @throws {UnsockError} If strace cannot attach to the processes.
   */
  async run(holders: readonly SocketHolder[]): Promise<void> {
    try {
      await Promise.race([this.#attach(holders), this.#stopped]);
      while (!this.#isStopped) {
        let timer: ReturnType<typeof setTimeout> | undefined;
        const later = new Promise<void>((resolve) => timer = setTimeout(resolve, LOOK_AGAIN_MS));
        await Promise.race([this.#stopped, later]);
        clearTimeout(timer);
        if (!this.#isStopped) await this.#lookAgain();
      }
    } finally {
      await Promise.all([...this.#tracers].map((tracer) => tracer.stop()));
      this.#joiner.end();
    }
  }

  /** Attaches to the server's new processes, if no process traces them. (strace attaches to their children itself.) */
  async #lookAgain(): Promise<void> {
    const others = (this.#servers.find() ?? []).filter(({ pid }) => !this.#known.has(pid));
    const free = others.filter(({ pid }) => tracerOf(pid) === 0);
    for (const { pid } of others) this.#known.add(pid);
    if (free.length === 0) return;
    try {
      await this.#attach(free);
    } catch (error) {
      if (!(error instanceof UnsockError)) throw error;
      this.#warn(error.message);
    }
  }

  async #attach(holders: readonly SocketHolder[]): Promise<void> {
    for (const { pid } of holders) this.#known.add(pid);
    const troubles: string[] = [];
    let isAttached = false;
    const who = printable(holderNames(holders).join(" "));
    await new Promise<void>((resolve, reject) => {
      const tracer = new Tracer(holders.map(({ pid }) => pid), {
        line: (line) => this.#joiner.take(line),
        attached: () => {
          isAttached = true;
          this.#warn(`tap: ${who} (Ctrl-C ends)`);
          resolve();
        },
        trouble: (why) => {
          if (isAttached) this.#warn(`tap: ${printable(why)}`);
          else troubles.push(why);
        },
      });
      this.#tracers.add(tracer);
      tracer.ended.then(() => {
        this.#tracers.delete(tracer);
        if (this.#isStopped) return resolve();
        if (isAttached) this.#warn(`tap: ended: ${who}; a new server of the port will be shown, too`);
        else reject(new UnsockError(`tap: ${who}: ${whyNot(troubles, holders)}`));
      });
    });
  }
}

/** Returns why strace could not attach, and what to do. */
function whyNot(troubles: readonly string[], holders: readonly SocketHolder[]): string {
  const text = troubles.join("; ");
  if (/ENOENT/.test(text)) return "strace is not installed: apt-get install strace";
  const tracer = holders.map(({ pid }) => tracerOf(pid)).find((pid) => pid !== 0);
  if (tracer !== undefined) return `another program traces it already: process ${tracer}`;
  if (!/Operation not permitted/.test(text)) return printable(text) || "it has ended";
  const scope = readText(YAMA)?.trim() ?? "0";
  return effectiveUser() === 0
    ? "this process may not trace others (CAP_SYS_PTRACE)"
    : scope === "0"
    ? "only root may look into it: sudo unsock tap"
    : `kernel.yama.ptrace_scope is ${scope}, so only root may look into it: sudo unsock tap`;
}
