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
  /** Then one of them gave it an address or a peer. */
  isSettledApart: boolean;
  /** It went through exec, or to another process by a message. */
  isHandedOn: boolean;
}

/** A line's parts. */
export interface Read {
  readonly worker: string;
  readonly name: string;
  readonly words: readonly string[];
}

type Letters = Map<string, Followed>;

const SETTLING = /^(bind|connect|listen|sendto|sendmsg|sendmmsg) /;
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
    if (FAILED.test(result)) noteFailure(one, call);
    else if (!this.#moves(letters, worker, name, first) && !makes(letters, name, first, second)) note(one, call);
    const made = letters.get(name.startsWith("accept") ? second : first);
    if (made !== undefined && !this.all.includes(made)) this.all.push(made);
  }

  find({ worker, words }: Read): Followed | undefined {
    return this.#workers.get(worker)?.get(words[0] ?? "");
  }

  /** @returns Whether the call moves sockets from one process to another, or ends a process. */
  #moves(letters: Letters, worker: string, name: string, first: string): boolean {
    const one = letters.get(first);
    if (name === "fork") {
      this.#workers.set(first, new Map(letters));
      letters.forEach((one) => one.isShared = true);
    } else if (name === "exec") letters.forEach((one) => one.isHandedOn = true);
    else if (name === "exit" || name === "kill") this.#workers.delete(worker);
    else if (name === "give") one !== undefined && this.#mail.push(one);
    else if (name === "take") {
      const taken = this.#mail.shift();
      if (taken !== undefined) letters.set(first, Object.assign(taken, { isHandedOn: true, isShared: true }));
    } else return false;
    return true;
  }
}

function newSocket(type: string, calls: string[]): Followed {
  return { type, calls, failed: [], isShared: false, isSettledApart: false, isHandedOn: false };
}

/** @returns Whether the call gives a letter another meaning. */
function makes(letters: Letters, name: string, first: string, second: string): boolean {
  const one = letters.get(first);
  if (name === "socket" || name === "open") letters.set(first, newSocket(second, []));
  else if (name.startsWith("accept") && one !== undefined) letters.set(second, newSocket(one.type, ["accepted"]));
  else if (COPIES.test(name) && one !== undefined) letters.set(second, one);
  else if (name === "close" || name === "closerange") letters.delete(first);
  else return false;
  return true;
}

/** A refused connect leaves its socket in another state, too. */
function noteFailure(one: Followed | undefined, call: string): void {
  one?.failed.push(call);
  if (one?.isShared && call.startsWith("connect")) one.isSettledApart = true;
}

function note(one: Followed | undefined, call: string): void {
  one?.calls.push(call);
  if (one?.isShared && SETTLING.test(call)) one.isSettledApart = true;
}

/** @returns All sockets, and the one that a line is about; undefined: none that is known. */
export function socketsOf(
  line: string,
  done: readonly Done[],
): { socket: Followed | undefined; all: readonly Followed[] } {
  const follower = new Follower();
  for (const one of done) follower.take(one);
  return { socket: follower.find(readLine(line)), all: follower.all };
}
