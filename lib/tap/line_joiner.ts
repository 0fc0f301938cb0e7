/**
 * Joins the lines of strace, which cuts a call in two if another thread makes a call meanwhile. Drops a call that the
 * library's filter has trapped (`scripts/filter.ts`): as the call's result, strace prints the system call's number, and
 * then a SIGSYS. The kernel has not executed this call; the library makes the call again. Does no I/O.
 */

const UNFINISHED_MOST = 4096;
/** The longest time for which a call that may be trapped is held back, to wait for its thread's next line. */
const HOLD_MS = 500;

/** The numbers of calls that may be trapped, on x86-64 and aarch64. */
const NUMBERS: Readonly<Record<string, readonly number[]>> = {
  accept: [43, 202],
  accept4: [288, 242],
  sendto: [44, 206],
  recvfrom: [45, 207],
  sendmsg: [46, 211],
  recvmsg: [47, 212],
  sendmmsg: [307, 269],
  recvmmsg: [299, 243],
  shutdown: [48, 210],
  close: [3, 57],
};

/** Takes strace's lines, and passes on one line for each call that the kernel has executed. */
export class LineJoiner {
  readonly #unfinished = new Map<string, string>();
  readonly #held = new Map<string, { readonly line: string; readonly timer: ReturnType<typeof setTimeout> }>();
  readonly #see: (line: string) => void;

  constructor(see: (line: string) => void) {
    this.#see = see;
  }

  take(line: string): void {
    const [, thread, time, rest] = /^(\d+) +(\d+\.\d+) (.*)$/s.exec(line) ?? [];
    if (thread === undefined || time === undefined || rest === undefined) return;
    const isTrap = rest.startsWith("--- SIGSYS ");
    this.#release(thread, isTrap);
    if (isTrap) return;
    const cut = rest.endsWith(" <unfinished ...>");
    if (cut) {
      if (this.#unfinished.size < UNFINISHED_MOST) {
        this.#unfinished.set(thread, rest.slice(0, -" <unfinished ...>".length));
      }
      return;
    }
    const [, behind] = /^<\.\.\. \w+ resumed>(.*)$/s.exec(rest) ?? [];
    const begun = this.#unfinished.get(thread);
    this.#unfinished.delete(thread);
    if (behind !== undefined && begun === undefined) return; // the call began before this tap
    this.#hold(thread, `${thread} ${time} ${behind === undefined ? rest : `${begun}${behind}`}`);
  }

  #hold(thread: string, line: string): void {
    const [, name = "", result] = /^\d+ [\d.]+ (\w+)\(.*\) += (\d+)/s.exec(line) ?? [];
    if (result === undefined || !NUMBERS[name]?.includes(Number(result))) {
      this.#see(line);
      return;
    }
    this.#held.set(thread, { line, timer: setTimeout(() => this.#release(thread, false), HOLD_MS) });
  }

  #release(thread: string, wasTrapped: boolean): void {
    const held = this.#held.get(thread);
    if (held === undefined) return;
    clearTimeout(held.timer);
    this.#held.delete(thread);
    if (!wasTrapped) this.#see(held.line);
  }

  /** Passes on all lines that are held. */
  end(): void {
    for (const thread of [...this.#held.keys()]) this.#release(thread, false);
  }
}
