/** Makes random programs for the interpreter: most calls are valid in their place, some are not. */
import type { Random } from "../../support/random.ts";

/** A program: its lines, as the interpreter reads them. */
export type Program = readonly string[];

const LETTERS = "abcdef";
const WORKERS = 3;
/** How many of a hundred calls pay no regard to what their socket is. */
const STRAY = 8;

const PORTS = [7001, 7001, 7001, 7002] as const;
const HOSTS4 = ["127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.2", "0.0.0.0"] as const;
const HOSTS6 = ["[::1]", "[::1]", "[::1]", "[::]", "[::ffff:127.0.0.1]"] as const;
const TYPES = ["tcp4", "tcp4", "tcp6", "udp4", "udp4", "udp6"] as const;
const OPTIONS = [
  "error",
  "type",
  "domain",
  "protocol",
  "listens",
  "reuseaddr",
  "reuseport",
  "keepalive",
  "broadcast",
  "v6only",
] as const;
const SETTABLE = ["reuseaddr", "reuseport", "keepalive", "broadcast"] as const;

/** The socket of a letter, as far as the generator follows it. */
interface Held {
  readonly kind: "tcp" | "udp" | "epoll";
  readonly family: 4 | 6;
  readonly state: "new" | "bound" | "listens" | "connected";
}

/** One program in the making. */
export class Generator {
  readonly #random: Random;
  readonly #lines: string[] = [];
  readonly #workers = new Map<number, Map<string, Held>>([[0, new Map()]]);
  #texts = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** @returns A program of about this many lines. */
  make(length: number): Program {
    while (this.#lines.length < length) this.#add();
    return this.#lines;
  }

  #pick<T>(list: readonly T[]): T {
    return this.#random.pick(list);
  }

  #chance(percent: number): boolean {
    return this.#random.below(100) < percent;
  }

  #say(worker: number, words: string): void {
    this.#lines.push(
      `${worker}${this.#chance(5) && !/^(fork|exec|exit|kill|give|take)/.test(words) ? "t" : ""} ${words}`,
    );
  }

  #address(family: 4 | 6): string {
    const port = this.#chance(4) ? 0 : this.#pick(PORTS);
    return `${this.#pick(family === 4 ? HOSTS4 : HOSTS6)}:${port}`;
  }

  #text(): string {
    return `text${this.#texts++}`;
  }

  #add(): void {
    const worker = this.#pick([...this.#workers.keys()]);
    const held = this.#workers.get(worker) ?? new Map<string, Held>();
    const letters = [...held.keys()];
    if (letters.length === 0 || this.#chance(letters.length < 4 ? 22 : 6)) this.#open(worker, held);
    else if (this.#chance(10)) this.#process(worker, held);
    else this.#use(worker, held, this.#pick(letters));
  }

  #open(worker: number, held: Map<string, Held>): void {
    const letter = [...LETTERS].find((one) => !held.has(one)) ?? this.#pick([...LETTERS]);
    if (this.#chance(6)) {
      held.set(letter, { kind: "epoll", family: 4, state: "new" });
      this.#say(worker, `epoll ${letter}`);
      return;
    }
    const type = this.#pick(TYPES);
    const family = type.endsWith("6") ? 6 : 4;
    held.set(letter, { kind: type.startsWith("t") ? "tcp" : "udp", family, state: "new" });
    this.#say(worker, `socket ${letter} ${type}`);
    // Servers set it; and without it TCP's own TIME_WAIT would be most of what differs.
    if (type.startsWith("t") || this.#chance(15)) this.#say(worker, `set ${letter} reuseaddr 1`);
  }

  #process(worker: number, held: Map<string, Held>): void {
    const other = this.#random.below(WORKERS);
    const what = this.#random.below(10);
    const letter = this.#pick([...held.keys()]);
    if (!this.#workers.has(other)) {
      this.#workers.set(other, new Map(held));
      this.#say(worker, `fork ${other}`);
    } else if (what < 2) {
      this.#say(worker, "exec");
    } else if (what < 4 && other !== worker) {
      const theirs = this.#workers.get(other) ?? new Map<string, Held>();
      const taken = this.#pick([...LETTERS]);
      const one = held.get(letter);
      if (one !== undefined) theirs.set(taken, one);
      this.#say(worker, `give ${letter}`);
      this.#say(other, `take ${taken}`);
    } else if (what < 5 && worker !== 0) {
      this.#workers.delete(worker);
      this.#say(worker, this.#pick(["exit", "kill"]));
    } else {
      const copy = this.#pick([...LETTERS]);
      const one = held.get(letter);
      if (one !== undefined) held.set(copy, one);
      this.#say(worker, `dup ${letter} ${copy}`);
    }
  }

  #use(worker: number, held: Map<string, Held>, letter: string): void {
    const one = held.get(letter);
    if (one === undefined) return;
    if (one.kind === "epoll") {
      const words = [`add ${letter} ${this.#pick([...held.keys()])}`, `wait ${letter}`, `wait ${letter}`];
      if (this.#chance(20)) words.push(`delete ${letter} ${this.#pick([...held.keys()])}`);
      this.#say(worker, this.#pick(words));
      return;
    }
    const call = this.#chance(STRAY) ? this.#any(letter, one) : this.#fitting(letter, one);
    const next = nextState(call, one);
    if (next === undefined) held.delete(letter);
    else held.set(letter, next);
    const accepted = /^accept \w (\w)/.exec(call)?.[1];
    if (accepted !== undefined) held.set(accepted, { ...one, state: "connected" });
    this.#say(worker, call);
  }

  #any(letter: string, { family }: Held): string {
    return this.#pick([
      `bind ${letter} ${this.#address(family)}`,
      `listen ${letter} 8`,
      `connect ${letter} ${this.#address(family)}`,
      `accept ${letter} ${this.#pick([...LETTERS])}`,
      `send ${letter} ${this.#text()}`,
      `sendto ${letter} ${this.#address(family)} ${this.#text()}`,
      `recv ${letter} 100`,
      `shutdown ${letter} ${this.#pick(["r", "w", "rw"])}`,
      `peer ${letter}`,
    ]);
  }

  #fitting(letter: string, one: Held): string {
    const { kind, family, state } = one;
    const asks = [`name ${letter}`, `peer ${letter}`, `poll ${letter}`, `get ${letter} ${this.#pick(OPTIONS)}`];
    if (this.#chance(15)) return this.#pick(asks);
    if (this.#chance(4)) return `set ${letter} ${this.#pick(SETTABLE)} ${this.#random.below(2)}`;
    if (this.#chance(7)) return `close ${letter}`;
    if (kind === "udp") return this.#datagram(letter, one);
    if (state === "new") {
      return this.#pick([`bind ${letter} ${this.#address(family)}`, `connect ${letter} ${this.#address(family)}`]);
    }
    if (state === "bound") {
      return this.#chance(80) ? `listen ${letter} 8` : `connect ${letter} ${this.#address(family)}`;
    }
    if (state === "listens") {
      return this.#chance(85)
        ? `accept ${letter} ${this.#free(letter)}`
        : `shutdown ${letter} ${this.#pick(["r", "rw"])}`;
    }
    return this.#stream(letter);
  }

  #free(letter: string): string {
    return this.#pick([...LETTERS].filter((one) => one !== letter));
  }

  #stream(letter: string): string {
    if (this.#chance(8)) return `shutdown ${letter} ${this.#pick(["r", "w", "rw"])}`;
    if (this.#chance(4)) return `connect ${letter} none`;
    if (this.#chance(50)) return `${this.#pick(["send", "write", "writev", "sendmsg"])} ${letter} ${this.#text()}`;
    const most = this.#pick([3, 100, 100]);
    return `${this.#pick(["recv", "read", "recvfrom", "recvmsg"])} ${letter} ${most}${this.#chance(10) ? " peek" : ""}`;
  }

  #datagram(letter: string, { family, state }: Held): string {
    const address = this.#address(family);
    if (state === "new" && this.#chance(40)) return `bind ${letter} ${address}`;
    if (this.#chance(10)) return `connect ${letter} ${this.#chance(20) ? "none" : address}`;
    if (this.#chance(45)) return this.#stream(letter);
    return `${this.#pick(["sendto", "sendmsg"])} ${letter} ${address} ${this.#text()}`;
  }
}

/** @returns The socket of a letter after a call; undefined: none. */
function nextState(call: string, one: Held): Held | undefined {
  const name = call.slice(0, call.indexOf(" "));
  if (name === "close") return undefined;
  if (name === "bind" && one.state === "new") return { ...one, state: "bound" };
  if (name === "listen") return { ...one, state: "listens" };
  if (name === "connect") return { ...one, state: call.endsWith("none") ? "bound" : "connected" };
  return one;
}
