/**
 * Runs strace on processes. However strace ends, the kernel then releases the processes. If this process ends first,
 * strace ends at the next line that it writes.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { TRACED } from "./strace_line.ts";

/** How many bytes of each text strace prints. */
const TEXT_MOST = 262_144;
/** The longest line that is read: a call may have several texts, and strace prints four characters for each byte. */
const LINE_MOST = 16 << 20;

/** The callbacks for strace's output. */
export interface Reports {
  readonly line: (line: string) => void;
  readonly attached: () => void;
  /** Gets strace's messages, and the reason if strace cannot start or a line is too long. */
  readonly trouble: (why: string) => void;
}

export class Tracer {
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;

  constructor(pids: readonly number[], reports: Reports) {
    const words = ["-f", "-yy", "-xx", "-ttt", "-s", `${TEXT_MOST}`, "-e", "signal=SIGSYS"];
    const quiet = ["-e", "quiet=exit,personality,path-resolution,thread-execve"];
    const trace = ["-e", `trace=${TRACED.join(",")}`, "-o", "/dev/stdout", "-p", pids.join(",")];
    this.#child = spawn("strace", [...words, ...quiet, ...trace], {
      stdio: ["ignore", "pipe", "pipe"],
      detached: true, // Ctrl-C reaches only this process, which then stops strace
      env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
    });
    const { stdout, stderr } = this.#child;
    if (stdout !== null) readLines(stdout, reports.line, reports.trouble);
    const waiting = new Set(pids);
    if (stderr !== null) {
      readLines(stderr, (message) => {
        const line = message.replace(/^\S*strace: /, "");
        const [, pid, how] = /^Process (\d+) (attached|detached)/.exec(line) ?? [];
        if (how === undefined) reports.trouble(line);
        else if (waiting.delete(Number(pid)) && waiting.size === 0) reports.attached();
      }, reports.trouble);
    }
    this.ended = new Promise((resolve) => {
      this.#child.once("error", (error) => {
        reports.trouble(error.message);
        resolve();
      });
      this.#child.once("close", () => resolve());
    });
  }

  /** Ends strace, so that the kernel releases the processes. */
  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.ended;
  }
}

/** Cuts a stream into lines. Leaves out a line that is too long, and reports it. */
function readLines(stream: Readable, see: (line: string) => void, trouble: (why: string) => void): void {
  let parts: string[] = [];
  let length = 0;
  stream.setEncoding("latin1");
  stream.on("data", (text: string) => {
    const lines = text.split("\n");
    for (const [at, line] of lines.entries()) {
      if (length <= LINE_MOST) parts.push(line);
      length += line.length;
      if (at === lines.length - 1) break;
      if (length > LINE_MOST) trouble("a call moved too many bytes at once: it is not shown");
      else see(parts.join(""));
      parts = [];
      length = 0;
    }
  });
  stream.on("error", () => {}); // the child's `close` follows
}
