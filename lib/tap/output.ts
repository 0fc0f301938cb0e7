/** Writes without waiting, so that a slow reader does not stop the traced server. Drops pieces if the queue is full. */
import * as fs from "node:fs";
import { codeOf, reason, UnsockError } from "../system/errors.ts";

const QUEUE_MOST = 1 << 23;
const AGAIN_MS = 10;
/** PIPE_BUF: a pipe takes a write of this size whole or not at all. Deno hides how much of a longer write is taken. */
const PIECE_MOST = 4096;
const STANDARD_OUTPUT = 1;

/**
 * Opens the pipe or terminal on standard output once more, so that only this process's descriptor is non-blocking. For
 * a file, returns standard output itself: a new descriptor would begin at the file's start.
 */
function openOutput(): number {
  const status = fs.fstatSync(STANDARD_OUTPUT);
  if (!status.isFIFO() && !status.isCharacterDevice()) return STANDARD_OUTPUT;
  try {
    return fs.openSync(`/proc/self/fd/${STANDARD_OUTPUT}`, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK);
  } catch {
    return STANDARD_OUTPUT; // another user's pipe: if its reader is slow, the server waits, too
  }
}

/** A file, or standard output. */
export class Output {
  readonly #fd: number;
  readonly #queue: Uint8Array[] = [];
  #length = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #error: unknown;
  /** The number of pieces that were not written. */
  dropped = 0;
  /** Called when a write has failed, such as after the reader has closed the output. */
  onEnd: () => void = () => {};

  /** @param file The path of the output file, or undefined for standard output. */
  constructor(file: string | undefined) {
    try {
      this.#fd = file === undefined ? openOutput() : fs.openSync(file, "w", 0o600);
    } catch (error) {
      throw new UnsockError(`tap: --pcap: ${file}: ${reason(error)}`, { cause: error });
    }
  }

  write(piece: Uint8Array | string): void {
    const bytes = typeof piece === "string" ? new TextEncoder().encode(piece) : piece;
    if (this.#error !== undefined) return;
    if (this.#length + bytes.length > QUEUE_MOST) {
      this.dropped++;
      return;
    }
    this.#queue.push(bytes);
    this.#length += bytes.length;
    if (this.#timer === undefined) this.#drain();
  }

  /** Writes as much as the reader takes, and tries again after a while if the reader is slow. */
  #drain = (): void => {
    this.#timer = undefined;
    try {
      for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
        const count = fs.writeSync(this.#fd, first.subarray(0, PIECE_MOST));
        this.#length -= count;
        if (count < first.length) this.#queue[0] = first.subarray(count);
        else this.#queue.shift();
      }
    } catch (error) {
      if (codeOf(error) === "EAGAIN") this.#timer = setTimeout(this.#drain, AGAIN_MS);
      else {
        this.#error = error;
        this.onEnd();
      }
    }
  };

  /**
   * Waits until all is written.
   *
   * @param mostMs The longest wait for the reader.
   * @throws {UnsockError} If a write has failed, unless the reader has closed the output.
   */
  async end(mostMs: number): Promise<void> {
    const deadline = Date.now() + mostMs;
    while (this.#timer !== undefined && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
    clearTimeout(this.#timer);
    this.dropped += this.#queue.length;
    if (this.#error !== undefined && codeOf(this.#error) !== "EPIPE") {
      throw new UnsockError(`tap: output: ${reason(this.#error)}`, { cause: this.#error });
    }
  }
}
