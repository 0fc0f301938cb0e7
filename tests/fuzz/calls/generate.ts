/** Makes random programs for the interpreter: most calls are valid in their place, some are not. */
import type { Random } from "../../support/random.ts";
import {
  beginConnected,
  beginFull,
  type Beginning,
  beginPlainSender,
  beginServedApart,
  beginServers,
  type Held,
  isChance,
  nextState,
} from "./begin.ts";
import {
  BACKLOGS,
  HOSTS4,
  HOSTS6,
  KINDS,
  OPTIONS,
  PORTS,
  RECEIVE_FLAGS,
  RECEIVES,
  REGISTERED,
  REQUESTS,
  SEND_FLAGS,
  SENDS,
  SETTABLE,
  TYPES,
  WRONG_ADDRESSES,
  WRONG_PLACES,
  WRONG_VALUES,
} from "./words.ts";

/** A program: its lines, as the interpreter reads them. */
export type Program = readonly string[];

/** @returns The program in a file's text, and the row of docs/limits.md that it shows, on a first line "# ROW". */
export function readProgram(text: string): { program: Program; row: string | undefined } {
  const lines = text.trimEnd().split("\n");
  const row = /^# (.*)/.exec(lines[0] ?? "")?.[1];
  return { program: row === undefined ? lines : lines.slice(1), row };
}

const LETTERS = "abcdef";
const WORKERS = 3;
/** How many of a hundred calls pay no regard to what their socket is. */
const STRAY = 8;

/** Above the numbers of the standard files: so many descriptors may be there. */
const LIMIT = { least: 3, more: 6 } as const;

/** The port that may have a control file: to a path where programs bind or a plain server is, or to nowhere. */
const CONTROLLED = 7003;
type Control = "unix" | "plain" | "refuse";

/** The things that a program has more of than others. */
interface Mood {
  /** How many of a hundred calls have a wrong argument. */
  readonly wrong: number;
  /** Processes run out of descriptors. */
  readonly isLimited: boolean;
  readonly control: Control | undefined;
  /** The first sockets are servers of one port on several addresses. */
  readonly hasServers: boolean;
  /** It begins with a server and its connected client. */
  readonly hasPeers: boolean;
  /** It begins with a UDP server that makes a socket for each of its clients, as those of DTLS and QUIC do. */
  readonly servesEach: boolean;
  /** It begins with a UDP server, and a client of it that does not use the library. */
  readonly hasSender: boolean;
  /** It begins with a server whose backlog is full. */
  readonly isFull: boolean;
  /** It has sets of descriptors from the start, and waits for them often. */
  readonly hasSets: boolean;
  /** Many of its bytes are urgent. */
  readonly isUrgent: boolean;
}

/** One program in the making. */
export class Generator {
  readonly #random: Random;
  readonly #lines: string[] = [];
  readonly #workers = new Map<number, Map<string, Held>>([[0, new Map()]]);
  /** Those that have a limit, and cannot execute a program that needs descriptors to start. */
  readonly #limited = new Set<number>();
  readonly #mood: Mood;
  #texts = 0;

  constructor(random: Random) {
    this.#random = random;
    this.#mood = {
      wrong: this.#chance(25) ? 15 : 0,
      isLimited: this.#chance(12),
      control: this.#chance(15) ? this.#pick(["unix", "unix", "plain", "refuse"]) : undefined,
      hasServers: this.#chance(20),
      hasPeers: this.#chance(40),
      servesEach: this.#chance(12),
      hasSender: this.#chance(7),
      isFull: this.#chance(2),
      hasSets: this.#chance(30),
      isUrgent: this.#chance(10),
    };
  }

  /** @returns A program of about this many lines. */
  make(length: number): Program {
    this.#begin();
    while (this.#lines.length < length) this.#add();
    return this.#lines;
  }

  #pick<T>(list: readonly T[]): T {
    return this.#random.pick(list);
  }

  #chance(percent: number): boolean {
    return isChance(this.#random, percent);
  }

  #say(worker: number, words: string): void {
    const inThread = this.#chance(5) && !/^(fork|exec|exit|kill|give|take|steal|limit)/.test(words);
    this.#lines.push(`${worker}${inThread ? "t" : ""} ${words}`);
  }

  #begin(): void {
    const { control, hasServers, hasPeers, servesEach, hasSender, isFull, hasSets } = this.#mood;
    const held = this.#workers.get(0) ?? new Map<string, Held>();
    if (control !== undefined) {
      const udp = control !== "plain" && this.#chance(30) ? "/udp" : "";
      this.#lines.push(`- control ${CONTROLLED}${udp} ${control === "refuse" ? "refuse" : "unix"}`);
    }
    // Others may write to the directory.
    if (this.#chance(10)) this.#lines.push("- shared");
    if (control === "plain") {
      held.set("a", { kind: "plain", family: 4, state: "listens" });
      this.#say(0, `open a plain ${CONTROLLED}`);
    }
    for (const letter of hasSets ? ["f", ...this.#chance(40) ? ["e"] : []] : []) {
      held.set(letter, { kind: "epoll", family: 4, state: "new" });
      this.#say(0, `epoll ${letter}`);
    }
    if (servesEach && control === undefined) this.#take(beginServedApart(this.#random));
    else if (hasSender && control === undefined) this.#take(beginPlainSender(this.#random));
    else if (isFull && control === undefined) this.#take(beginFull(this.#random));
    else if (hasPeers && control === undefined) this.#take(beginConnected(this.#random));
    else if (hasServers) this.#take(beginServers(this.#random));
  }

  /** Makes the first calls, and registers the sockets in a set before and after. */
  #take({ calls, held }: Beginning): void {
    const letters = this.#workers.get(0);
    for (const [letter, one] of held) letters?.set(letter, one);
    for (const call of calls) {
      this.#say(0, call);
      if (this.#mood.hasSets && this.#chance(40)) this.#say(0, this.#set("f", this.#pick(["a", "b", "c"])));
    }
  }

  /** A datagram of a plain sender. */
  #sender(letter: string): string {
    return `sendto ${letter} 127.0.0.1:7001 ${this.#text()}`;
  }

  #address(family: 4 | 6): string {
    if (this.#chance(this.#mood.wrong)) {
      return this.#chance(70) ? this.#pick(WRONG_ADDRESSES) : this.#right(family === 4 ? 6 : 4);
    }
    return this.#right(family);
  }

  #right(family: 4 | 6): string {
    if (family === 4 && this.#mood.control !== undefined && this.#chance(50)) return `127.0.0.1:${CONTROLLED}`;
    const port = this.#chance(4) ? 0 : this.#pick(PORTS);
    return `${this.#pick(family === 4 ? HOSTS4 : HOSTS6)}:${port}`;
  }

  /** @returns An address to bind to: nobody may bind where a control file leads nowhere, or to another server. */
  #ownAddress(family: 4 | 6): string {
    const address = this.#address(family);
    const { control } = this.#mood;
    return control !== "unix" && address.endsWith(`:${CONTROLLED}`) ? "127.0.0.1:7001" : address;
  }

  /** @returns More words of a call that writes to the program: mostly none. */
  #place(places: readonly string[]): string {
    return this.#chance(this.#mood.wrong) ? ` ${this.#pick(places)}` : "";
  }

  #text(): string {
    return this.#chance(this.#mood.wrong / 3) ? "fault" : `text${this.#texts++}`;
  }

  #add(): void {
    if (this.#chance(1)) this.#lines.push("- prune");
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
    if (this.#chance(this.#mood.wrong)) {
      held.set(letter, { kind: "other", family: 4, state: "new" });
      const isOpened = this.#chance(40);
      const what = isOpened ? this.#pick(["file", "pipe", "closed"]) : this.#pick(KINDS);
      this.#say(worker, `${isOpened ? "open" : "socket"} ${letter} ${what}`);
      return;
    }
    const type = this.#pick(TYPES);
    const family = type.endsWith("6") ? 6 : 4;
    held.set(letter, { kind: type.startsWith("t") ? "tcp" : "udp", family, state: "new" });
    this.#say(worker, `socket ${letter} ${type}`);
    // Servers set it; and without it TCP's own TIME_WAIT would be most of what differs.
    if (type.startsWith("t") || this.#chance(15)) this.#say(worker, `set ${letter} reuseaddr 1`);
    if (this.#chance(10)) this.#say(worker, `set ${letter} reuseport 1`);
    if (family === 6 && this.#chance(10)) this.#say(worker, `set ${letter} v6only 1`);
    if (this.#chance(10)) this.#say(worker, `nonblock ${letter} 1`);
  }

  #process(worker: number, held: Map<string, Held>): void {
    const other = this.#random.below(WORKERS);
    const what = this.#random.below(10);
    const letter = this.#pick([...held.keys()]);
    if (this.#mood.isLimited && this.#chance(40)) {
      this.#limited.add(worker);
      this.#say(worker, `limit ${LIMIT.least + this.#random.below(LIMIT.more)}`);
    } else if (!this.#workers.has(other)) {
      this.#workers.set(other, new Map(held));
      if (this.#limited.has(worker)) this.#limited.add(other);
      else this.#limited.delete(other);
      this.#say(worker, `fork ${other}`);
    } else if (what < 2 && !this.#limited.has(worker)) {
      this.#say(worker, "exec");
    } else if (what < 3 && other !== worker) {
      const [theirs = ""] = [...this.#workers.get(other)?.keys() ?? []];
      const one = this.#workers.get(other)?.get(theirs);
      if (one === undefined) return;
      held.set(letter, one);
      this.#say(worker, `steal ${letter} ${other} ${theirs}`);
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
      this.#say(worker, `${this.#pick(["dup", "dup", "dup2", "dup3", "dupfd", "dupexec"])} ${letter} ${copy}`);
    }
  }

  #use(worker: number, held: Map<string, Held>, letter: string): void {
    const one = held.get(letter);
    if (one === undefined) return;
    if (one.kind === "epoll") {
      const call = this.#set(letter, this.#pick([...held.keys()]));
      if (call.startsWith("close")) held.delete(letter);
      this.#say(worker, call);
      return;
    }
    const call = this.#callOf(letter, one);
    const next = nextState(call, one);
    if (next === undefined) held.delete(letter);
    else held.set(letter, next);
    const accepted = /^accept4? \w (\w)/.exec(call)?.[1];
    if (accepted !== undefined) held.set(accepted, { ...one, state: "connected" });
    this.#say(worker, call);
  }

  /** A call of an epoll set, which is about another descriptor, or another set. */
  #set(letter: string, other: string): string {
    const events = this.#chance(50) ? ` ${this.#pick(REGISTERED)}` : "";
    const how = this.#pick(["", "", " masked", " precise"]);
    const waits = [`wait ${letter}${how}`, `wait ${letter}${how}`, `poll ${letter}`, `select ${letter}`];
    const changes = [`add ${letter} ${other}${events}`, `modify ${letter} ${other}${events}`];
    if (this.#chance(8)) return this.#chance(70) ? `delete ${letter} ${other}` : `close ${letter}`;
    return this.#chance(50) ? this.#pick(waits) : this.#pick([...changes, ...changes, `add ${letter} ${other}`]);
  }

  #callOf(letter: string, one: Held): string {
    if (one.kind === "plain") return this.#plain(letter, one);
    if (one.kind === "sender") {
      return this.#chance(15) ? `close ${letter}` : this.#pick([this.#sender(letter), `recv ${letter} 100`]);
    }
    return one.kind === "other" || this.#chance(STRAY) ? this.#any(letter, one) : this.#fitting(letter, one);
  }

  /** A server that does not use the library accepts, and moves data; its ends are the kernel's AF_UNIX. */
  #plain(letter: string, { state }: Held): string {
    if (state === "listens") return `accept ${letter} ${this.#free(letter)} null`;
    if (this.#chance(15)) return `close ${letter}`;
    return this.#chance(50) ? `send ${letter} ${this.#text()}` : `recv ${letter} 100`;
  }

  #any(letter: string, { family }: Held): string {
    return this.#pick([
      `bind ${letter} ${this.#ownAddress(family)}`,
      `listen ${letter} 8`,
      `connect ${letter} ${this.#address(family)}`,
      `accept ${letter} ${this.#pick([...LETTERS])}${this.#place(WRONG_PLACES)}`,
      `send ${letter} ${this.#text()}`,
      `sendto ${letter} ${this.#address(family)} ${this.#text()}`,
      `recv ${letter} 100`,
      `shutdown ${letter} ${this.#pick(["r", "w", "rw", ...this.#mood.wrong > 0 ? ["x"] : []])}`,
      `peer ${letter}`,
      ...this.#mood.wrong > 0
        ? [`name ${letter}`, `closerange ${letter}`, this.#request(letter), `pair ${letter} ${this.#pick(TYPES)}`]
        : [],
    ]);
  }

  #fitting(letter: string, one: Held): string {
    const { kind, family, state } = one;
    if (this.#chance(15)) return this.#ask(letter);
    if (this.#chance(4)) return this.#option(letter);
    if (this.#chance(7)) return `${this.#chance(15) ? "closerange" : "close"} ${letter}`;
    if (kind === "udp") return this.#datagram(letter, one);
    if (state === "new") {
      return this.#pick([`bind ${letter} ${this.#ownAddress(family)}`, `connect ${letter} ${this.#address(family)}`]);
    }
    if (state === "bound") {
      return this.#chance(80)
        ? `listen ${letter} ${this.#chance(85) ? 8 : this.#pick(BACKLOGS)}`
        : `connect ${letter} ${this.#address(family)}`;
    }
    if (state === "listens") {
      return this.#chance(85)
        ? `${this.#pick(["accept", "accept4"])} ${letter} ${this.#free(letter)}${this.#place(WRONG_PLACES)}`
        : `shutdown ${letter} ${this.#pick(["r", "rw"])}`;
    }
    return this.#stream(letter);
  }

  #ask(letter: string): string {
    const places = this.#place(WRONG_PLACES);
    const waits = [`poll ${letter}`, `poll ${letter} ${this.#free(letter)}`, `ppoll ${letter}`, `select ${letter}`];
    const asks = [`name ${letter}${places}`, `peer ${letter}${places}`, this.#pick(waits)];
    return this.#pick([...asks, `get ${letter} ${this.#pick(OPTIONS)}${places}`, this.#request(letter)]);
  }

  #request(letter: string): string {
    const request = this.#pick(REQUESTS);
    if (request === "execs") return `execs ${letter} ${this.#random.below(3)}`;
    return /^(nonblock|fionbio|async)/.test(request)
      ? `${request} ${letter} ${this.#random.below(2)}`
      : `${request} ${letter}`;
  }

  #option(letter: string): string {
    const option = this.#chance(this.#mood.wrong) ? this.#pick(OPTIONS) : this.#pick(SETTABLE);
    return `set ${letter} ${option} ${this.#random.below(2)}${this.#place(WRONG_VALUES)}`;
  }

  #free(letter: string): string {
    return this.#pick([...LETTERS].filter((one) => one !== letter));
  }

  #stream(letter: string): string {
    if (this.#chance(8)) return `shutdown ${letter} ${this.#pick(["r", "w", "rw"])}`;
    if (this.#chance(4)) return `connect ${letter} none`;
    if (this.#chance(50)) return this.#flagged(`${this.#pick(SENDS)} ${letter} ${this.#text()}`);
    const { isUrgent } = this.#mood;
    if (isUrgent && this.#chance(30)) return `${this.#pick(["recv", "recv", "recvmsg"])} ${letter} 3 urgent`;
    const more = this.#chance(15) ? ` ${this.#pick(RECEIVE_FLAGS)}` : this.#place(["fault", "short", "empty"]);
    return `${this.#pick(RECEIVES)} ${letter} ${this.#pick([3, 100, 100])}${more}`;
  }

  /** Adds a flag to a send, if it has a place for one. */
  #flagged(call: string): string {
    if (!/^send(to|m?msg|mmsg)? /.test(call)) return call;
    if (this.#mood.isUrgent && this.#chance(40)) return `${call} +urgent`;
    return this.#chance(12) ? `${call} ${this.#pick(SEND_FLAGS)}` : call;
  }

  #datagram(letter: string, { family, state }: Held): string {
    if (state === "new" && this.#chance(40)) return `bind ${letter} ${this.#ownAddress(family)}`;
    const address = this.#chance(12) ? "sender" : this.#address(family);
    if (this.#chance(10)) return `connect ${letter} ${this.#chance(20) ? "none" : address}`;
    if (state === "connected" && this.#chance(3)) return `sendburst ${letter} ${this.#text()}`;
    if (this.#chance(45)) return this.#stream(letter);
    return this.#flagged(`${this.#pick(["sendto", "sendmsg", "sendmmsg"])} ${letter} ${address} ${this.#text()}`);
  }
}
