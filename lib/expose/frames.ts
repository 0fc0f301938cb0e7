/**
 * Reads an HTTP/2 client's bytes before the runtime does, and finds floods: frames that no browser sends, or too many
 * frames that cost more than they carry. Reads only the frames' heads and the sizes of fields (RFC 9113, 4.1; RFC
 * 7541). Does no I/O.
 */
import { FieldMeter } from "./field_meter.ts";

const FRAME_HEAD = 9;
const PREFACE = 24;
/** The largest frame that a client may send: HTTP/2's default, which the front does not raise. */
const FRAME_MOST = 16_384;
/** The most bytes of one request's fields as sent, in the HEADERS frame and its CONTINUATION frames. */
const HEAD_MOST = 65_536;
const CONTINUATIONS_MOST = 16;
/** The most bytes of one request's decoded fields, by `FieldMeter`. Its result may be 1.6 times the true size. */
const FIELDS_MOST = 65_536;
/** How many new streams of a client are passed on at once. The others wait until other connections have had a turn. */
const OPENED_AT_ONCE = 8;
/** The budget of stream resets. A browser that leaves a page resets at most all its open streams. */
const RESETS = { most: 200, perSecond: 50 };
/**
 * The budget of frames that carry nothing: PING, SETTINGS, PRIORITY, WINDOW_UPDATE, unknown frames, and DATA that is
 * padded, or is empty and does not end its stream.
 */
const IDLE = { most: 1_000, perSecond: 200 };
/** Each DATA frame to the client allows this many WINDOW_UPDATE frames: for its stream and for the connection. */
const UPDATES_PER_DATA = 2;

const KIND = { data: 0, headers: 1, reset: 3, continuation: 9 } as const;
const FLAG = { endStream: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;
const PRIORITY_SIZE = 5;

/** The parts of a frame's 9-byte head that the front uses. */
export interface FrameHead {
  readonly kind: number;
  readonly flags: number;
  readonly length: number;
}

/** The receiver of frames. */
export interface FrameTaker {
  /** Takes a frame's head. Returns true to stop the reader after this head. */
  head(frame: FrameHead): boolean;
  /** Takes the next part of the frame's payload. */
  part(bytes: Uint8Array): void;
}

/** Splits a stream of bytes into frames. */
class FrameReader {
  readonly #taker: FrameTaker;
  readonly #head = new Uint8Array(FRAME_HEAD);
  #filled = 0;
  #payload = 0;
  #skipped: number;

  /** @param before How many bytes precede the first frame. */
  constructor(taker: FrameTaker, before = 0) {
    this.#taker = taker;
    this.#skipped = before;
  }

  /** @returns The number of bytes read: not all of them if the taker stops the reader. */
  read(bytes: Uint8Array): number {
    let at = Math.min(this.#skipped, bytes.length);
    this.#skipped -= at;
    while (at < bytes.length) {
      if (this.#payload > 0) {
        const part = bytes.subarray(at, at + this.#payload);
        this.#payload -= part.length;
        at += part.length;
        this.#taker.part(part);
        continue;
      }
      this.#head[this.#filled++] = bytes[at++] ?? 0;
      if (this.#filled < FRAME_HEAD) continue;
      this.#filled = 0;
      const [high = 0, middle = 0, low = 0, kind = 0, flags = 0] = this.#head;
      this.#payload = high << 16 | middle << 8 | low;
      if (this.#taker.head({ kind, flags, length: this.#payload })) break;
    }
    return at;
  }
}

/** A budget: `most` at once, and `perSecond` more each second. */
class Budget {
  readonly #most: number;
  readonly #perSecond: number;
  #left: number;
  #at: number;

  constructor({ most, perSecond }: { most: number; perSecond: number }, now: number) {
    this.#most = this.#left = most;
    this.#perSecond = perSecond;
    this.#at = now;
  }

  /** Takes one unit from the budget. Returns false if the budget is exhausted. */
  spend(now: number): boolean {
    this.#left = Math.min(this.#left + (now - this.#at) * this.#perSecond / 1000, this.#most);
    this.#at = now;
    return --this.#left >= 0;
  }

  add(count: number): void {
    this.#left = Math.min(this.#left + count, this.#most);
  }
}

/** Watches both directions of a client's connection for floods. */
export class FloodWatch {
  readonly #clock: () => number;
  readonly #resets: Budget;
  readonly #idle: Budget;
  readonly #fields = new FieldMeter();
  readonly #fromClient = new FrameReader(
    { head: (head) => this.#take(head), part: (part) => this.#read(part) },
    PREFACE,
  );
  readonly #toClient = new FrameReader({ head: (head) => this.#send(head), part: () => {} });
  #why: string | undefined;
  #opened = 0;
  #headSize = 0;
  #continuations = 0;
  #isHeadOpen = false;
  #isHead = false;
  /** Bytes that are still to skip before this frame's fields. */
  #skipped = 0;

  /** @param clock Returns the time in milliseconds. */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
    this.#resets = new Budget(RESETS, clock());
    this.#idle = new Budget(IDLE, clock());
  }

  /** Why the connection must end; undefined while it may stay. */
  get why(): string | undefined {
    return this.#why;
  }

  /** @returns How many of these bytes from the client may be passed on now. The rest waits for the next turn. */
  readClient(bytes: Uint8Array): number {
    this.#opened = 0;
    return this.#fromClient.read(bytes);
  }

  readServer(bytes: Uint8Array): void {
    this.#toClient.read(bytes);
  }

  #end(why: string): boolean {
    this.#why ??= why;
    return true;
  }

  #spend(budget: Budget, why: string): boolean {
    return !budget.spend(this.#clock()) && this.#end(why);
  }

  /** Counts the frames sent to the client. A reset that the client provokes costs as much as one from the client. */
  #send({ kind }: FrameHead): boolean {
    if (kind === KIND.reset) this.#spend(this.#resets, "too many streams are reset");
    if (kind === KIND.data) this.#idle.add(UPDATES_PER_DATA);
    return false;
  }

  #take({ kind, flags, length }: FrameHead): boolean {
    const isPadded = (kind === KIND.data || kind === KIND.headers) && (flags & FLAG.padded) !== 0;
    this.#isHead = kind === KIND.headers || kind === KIND.continuation;
    if (length > FRAME_MOST) return this.#end("a frame is too long");
    if (this.#isHeadOpen !== (kind === KIND.continuation)) return this.#end("a head is cut by another frame");
    if (this.#isHead) return isPadded ? this.#end("a head is padded") : this.#takeHead(kind, flags, length);
    if (kind === KIND.reset) return this.#spend(this.#resets, "too many streams are reset");
    const isUseful = kind === KIND.data && !isPadded && (length > 0 || (flags & FLAG.endStream) !== 0);
    return !isUseful && this.#spend(this.#idle, "too many frames carry nothing");
  }

  /**
   * Takes the head of a HEADERS or CONTINUATION frame.
   *
   * @returns True to stop reading: this turn has had enough new streams, or the request's fields are too long.
   */
  #takeHead(kind: number, flags: number, length: number): boolean {
    const isNew = kind === KIND.headers;
    if (isNew) {
      [this.#headSize, this.#continuations] = [0, 0];
      this.#fields.begin();
      this.#opened++;
    } else this.#continuations++;
    this.#skipped = isNew && (flags & FLAG.priority) !== 0 ? PRIORITY_SIZE : 0;
    this.#headSize += length;
    this.#isHeadOpen = (flags & FLAG.endHeaders) === 0;
    const isLong = this.#headSize > HEAD_MOST || this.#continuations > CONTINUATIONS_MOST;
    return isLong ? this.#end("a head is too long") : isNew && this.#opened >= OPENED_AT_ONCE;
  }

  #read(part: Uint8Array): void {
    if (!this.#isHead) return;
    const skipped = Math.min(this.#skipped, part.length);
    this.#skipped -= skipped;
    if (this.#fields.read(part.subarray(skipped)) > FIELDS_MOST) this.#end("the fields of a head are too large");
  }
}
