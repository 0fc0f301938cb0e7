/** Tracks the socket of each letter of a program, and the socket's state, by the results over the network. */

/** A line that was run. */
export interface Done {
  readonly line: string;
  readonly result: string;
}

/** A socket, whoever has it. */
export interface Followed {
  /** As the program says it: `tcp4` and so on. */
  readonly type: string;
  /** Calls that succeeded, in order, without the letter. */
  readonly calls: string[];
  /** Calls that did not. */
  readonly failed: string[];
  /** Two processes have had it. */
  isShared: boolean;
  /** The process that then gave it an address or a peer, by a call that replaces it under the library. */
  settledBy: string | undefined;
  /** Another process has used it since, or only the other has it still. */
  isUsedApart: boolean;
  /** A shutdown failed while it was neither connected nor a listener. */
  isShutEarly: boolean;
  /** Somebody may have sent to it before it connected to another peer, or to none. */
  dropsQueue: boolean;
  /** The sockets of a set, by the letters that it reports, and the words that they are registered with. */
  readonly registered: Map<string, Registered>;
  /** It went through exec, or to another process by a message. */
  isHandedOn: boolean;
}

/** A registration in a set. */
interface Registered {
  readonly socket: Followed;
  readonly mode: string;
  /** The process that made it. */
  readonly by: string;
}

/** A line's parts. */
export interface Read {
  readonly worker: string;
  readonly name: string;
  readonly words: readonly string[];
}

type Letters = Map<string, Followed>;

const SETTLING = /^(bind|connect|listen|sendto|sendmsg|sendmmsg) /;
/** Calls that give a socket an address: later ones of these do not replace it. */
const NAMING = /^(bind|connect(?! none)|sendto|sendmsg|sendmmsg) |^(accepted|listen)/;
/** Calls that change nothing. */
const ASKS = /^(get|name|peer|poll|ppoll|select|unread|fork|exec|give|delete|wait)\b/;
const FAILED = /^(E[A-Z]+|waits|nobody|somebody|nothing|hangs)/;
const COPIES = /^dup/;

/** @returns The parts of a line. */
export function readLine(line: string): Read {
  const [worker = "", name = "", ...words] = line.split(" ");
  return { worker: worker.charAt(0), name, words };
}

/** The sockets of all workers. */
class Follower {
  readonly #workers = new Map<string, Letters>([["0", new Map()]]);
  readonly #mail: Followed[] = [];
  /** In the order in which they were made. */
  readonly all: Followed[] = [];

  take({ line, result }: Done): void {
    const { worker, name, words } = readLine(line);
    const letters = this.#workers.get(worker);
    const [first = "", second = ""] = words;
    const one = letters?.get(first);
    const call = `${name} ${words.slice(1).join(" ")}`.trimEnd();
    if (letters === undefined) return;
    this.#noteUse(one, worker, name);
    if (name === "add") this.#noteUse(letters.get(second), worker, name);
    if (FAILED.test(result)) noteFailure(one, call, worker);
    else if (name === "add" || name === "modify") {
      const socket = letters.get(second) ?? newSocket("none", []);
      const by = name === "add" ? worker : one?.registered.get(second)?.by ?? worker;
      one?.registered.set(second, { socket, mode: words[2] ?? "all", by });
    } else if (!this.#moves(letters, { worker, name, words }) && !makes(letters, name, first, second)) {
      note(one, call, worker);
    }
    const made = letters.get(name.startsWith("accept") ? second : first);
    if (made !== undefined && !this.all.includes(made)) this.all.push(made);
  }

  find(worker: string, letter: string | undefined): Followed | undefined {
    return this.#workers.get(worker)?.get(letter ?? "");
  }

  #noteUse(one: Followed | undefined, worker: string, name: string): void {
    if (one?.settledBy === undefined || (one.settledBy === worker ? !/^close/.test(name) : ASKS.test(name))) return;
    one.isUsedApart = true;
  }

  /** @returns Whether the call moves sockets from one process to another, or ends a process. */
  #moves(letters: Letters, { worker, name, words }: Read): boolean {
    const [first = ""] = words;
    const one = letters.get(first);
    if (name === "fork") {
      this.#workers.set(first, new Map(letters));
      letters.forEach((one) => one.isShared = true);
    } else if (name === "exec") letters.forEach((one) => one.isHandedOn = true);
    else if (name === "exit" || name === "kill") {
      letters.forEach((one) => one.isUsedApart ||= one.settledBy === worker);
      this.#workers.delete(worker);
    } else if (name === "give") {
      if (one === undefined) return true;
      noteHanded(one, worker);
      this.#mail.push(one);
    } else if (name === "take") {
      const taken = this.#mail.shift();
      if (taken !== undefined) letters.set(first, Object.assign(taken, { isHandedOn: true, isShared: true }));
    } else if (name === "steal") {
      const stolen = this.#workers.get(words[1] ?? "")?.get(words[2] ?? "");
      if (stolen !== undefined) {
        noteHanded(stolen, words[1]);
        letters.set(first, Object.assign(stolen, { isHandedOn: true, isShared: true }));
      }
    } else return false;
    return true;
  }
}

/** Another process than the one that settled it hands on the socket that it was before. */
function noteHanded(one: Followed, by: string | undefined): void {
  one.isUsedApart ||= one.settledBy !== undefined && one.settledBy !== by;
}

function newSocket(type: string, calls: string[]): Followed {
  return {
    type,
    calls,
    failed: [],
    isShared: false,
    settledBy: undefined,
    isUsedApart: false,
    isShutEarly: false,
    dropsQueue: false,
    isHandedOn: false,
    registered: new Map(),
  };
}

/** @returns Whether the call gives a letter another meaning. */
function makes(letters: Letters, name: string, first: string, second: string): boolean {
  const one = letters.get(first);
  if (name === "socket" || name === "open") letters.set(first, newSocket(second, []));
  else if (name === "epoll") letters.set(first, newSocket(name, []));
  else if (name.startsWith("accept") && one !== undefined) {
    const bind = one.calls.find((call) => call.startsWith("bind ")) ?? "";
    letters.set(second, newSocket(one.type, [bind.replace("bind", "accepted") || "accepted"]));
  } else if (COPIES.test(name) && one !== undefined) letters.set(second, one);
  else if (name === "close" || name === "closerange") letters.delete(first);
  else return false;
  return true;
}

/** A refused connect leaves its socket in another state, too. */
function noteFailure(one: Followed | undefined, call: string, worker: string): void {
  if (one === undefined) return;
  const state = one.calls.findLast((call) => /^(accepted|listen|connect|shutdown)/.test(call)) ?? "connect none";
  const wasListener = one.calls.some((call) => call.startsWith("listen"));
  if (call.startsWith("shutdown") && (state === "connect none" || state.startsWith("shutdown") && wasListener)) {
    one.isShutEarly = true;
  }
  one.failed.push(call);
  if (one.isShared && call.startsWith("connect")) one.settledBy ??= worker;
}

function note(one: Followed | undefined, call: string, worker: string): void {
  if (one === undefined) return;
  const isNamed = one.calls.some((call) => NAMING.test(call));
  if (one.isShared && SETTLING.test(call) && (!isNamed || call.startsWith("connect"))) one.settledBy ??= worker;
  if (call.startsWith("connect ") && isNamed) one.dropsQueue = true;
  one.calls.push(call);
}

/** A socket that a difference is about. */
export interface Concerned {
  readonly socket: Followed | undefined;
  /** The events of it that a wait reports. */
  readonly events: { readonly network: number; readonly library: number } | undefined;
  /** The words that it is registered with. */
  readonly mode: string;
}

/** @returns The events that a wait's result has, by letters. */
function readEvents({ name, words }: Read, result: string): Map<string, number> {
  if (name === "wait") {
    return new Map([...result.matchAll(/ (\w) (0x\w+)/g)].map(([, letter = "", bits]) => [letter, Number(bits)]));
  }
  return new Map(result.split(" ").slice(1).map((bits, i) => [words[i] ?? "", Number(bits)]));
}

/** @returns A socket; or of a set what is registered in it, and in the sets in that one. */
function concernedBy(
  socket: Followed | undefined,
  events: Concerned["events"],
  mode = "",
  seen: readonly Followed[] = [],
): Concerned[] {
  const own = { socket, events, mode };
  if (socket?.type !== "epoll" || seen.includes(socket)) return [own];
  const inside = [...socket.registered.values()];
  return [own, ...inside.flatMap(({ socket: one, mode }) => concernedBy(one, undefined, mode, [...seen, socket]))];
}

/**
 * @param done The lines before.
 * @returns All sockets, and those that the difference is about: of each list one, since a set does not tell which of
 * its sockets it reports.
 */
export function socketsOf(
  line: string,
  done: readonly Done[],
  network: string,
  library: string,
): { concerned: readonly (readonly Concerned[])[]; own: Followed | undefined; all: readonly Followed[] } {
  const follower = new Follower();
  for (const one of done) follower.take(one);
  const read = readLine(line);
  const own = follower.find(read.worker, read.words[0]);
  const { all } = follower;
  if (!/^(p?poll|wait)$/.test(read.name)) return { concerned: [concernedBy(own, undefined)], own, all };
  const [one, other] = [readEvents(read, network), readEvents(read, library)];
  const concerned: Concerned[][] = [];
  for (const letter of new Set([...one.keys(), ...other.keys()])) {
    const events = { network: one.get(letter) ?? 0, library: other.get(letter) ?? 0 };
    if (events.network === events.library) continue;
    const inSet = read.name === "wait" ? own?.registered.get(letter) : undefined;
    concerned.push(concernedBy(inSet?.socket ?? follower.find(read.worker, letter), events, inSet?.mode));
  }
  return { concerned: concerned.length > 0 ? concerned : [concernedBy(own, undefined)], own, all };
}
