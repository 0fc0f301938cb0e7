/** Beginnings of random programs: servers and their clients, as real programs have them, and the states of sockets. */
import type { Random } from "../../support/random.ts";
import { BACKLOGS, HOSTS4, HOSTS6, PACKET_OPTIONS, TYPES } from "./words.ts";

/** The socket of a letter, as far as the generator follows it. */
export interface Held {
  readonly kind: "tcp" | "udp" | "epoll" | "plain" | "sender" | "other";
  readonly family: 4 | 6;
  readonly state: "new" | "bound" | "listens" | "connected";
}

/** @returns The socket of a letter after a call; undefined: none. */
export function nextState(call: string, one: Held): Held | undefined {
  const name = call.slice(0, call.indexOf(" "));
  if (name === "close" || name === "closerange") return undefined;
  if (name === "bind" && one.state === "new") return { ...one, state: "bound" };
  if (name === "listen") return { ...one, state: "listens" };
  if (name === "connect") return { ...one, state: call.endsWith("none") ? "bound" : "connected" };
  return one;
}

/** The first calls of a program, and the sockets that it then has. */
export interface Beginning {
  readonly calls: readonly string[];
  readonly held: readonly (readonly [string, Held])[];
}

/** True for so many of a hundred values. */
export function isChance(random: Random, percent: number): boolean {
  return random.below(100) < percent;
}

/** A client that is connected to a server. */
export function beginConnected(random: Random): Beginning {
  const type = random.pick(TYPES);
  const [kind, family] = [type.startsWith("tcp") ? "tcp" : "udp", type.endsWith("6") ? 6 : 4] as const;
  const address = family === 4 ? "127.0.0.1:7001" : "[::1]:7001";
  const isStream = kind === "tcp";
  const calls = [`socket a ${type}`, "set a reuseaddr 1", `bind a ${address}`];
  if (isStream) calls.push("listen a 8");
  calls.push(`socket b ${type}`, `connect b ${address}`, isStream ? "accept a c" : "send b hello");
  const connected: Held = { kind, family, state: "connected" };
  const held: [string, Held][] = [["a", { kind, family, state: isStream ? "listens" : "bound" }], ["b", connected]];
  return { calls, held: isStream ? [...held, ["c", connected]] : held };
}

/** A UDP server that binds a socket beside its own for each client, and connects it to the client. */
export function beginServedApart(random: Random): Beginning {
  const type = random.pick(["udp4", "udp4", "udp6"]);
  const family = type === "udp4" ? 4 : 6;
  const [loopback, wildcard] = family === 4 ? ["127.0.0.1", "0.0.0.0"] : ["[::1]", "[::]"];
  const own = `${isChance(random, 75) ? loopback : wildcard}:7001`;
  const shares = isChance(random, 85) ? "reuseaddr" : "reuseport";
  const serve = (letter: string) => [`socket ${letter} ${type}`, `set ${letter} ${shares} 1`, `bind ${letter} ${own}`];
  const calls = serve("a");
  const asks = isChance(random, 30);
  if (asks) calls.push(`set a ${random.pick(PACKET_OPTIONS)} 1`, `set a ${random.pick(PACKET_OPTIONS)} 1`);
  const held: [string, Held][] = [["a", { kind: "udp", family, state: "bound" }]];
  for (const [client, child] of isChance(random, 60) ? [["b", "c"], ["d", "e"]] as const : [["b", "c"]] as const) {
    calls.push(`socket ${client} ${type}`);
    if (isChance(random, 20)) calls.push(`bind ${client} ${loopback}:7002`);
    if (isChance(random, 70)) calls.push(`connect ${client} ${loopback}:7001`);
    calls.push(`sendto ${client} ${loopback}:7001 hello`, asks ? "recvmsg a 100" : "recvfrom a 100");
    const isGone = isChance(random, 15);
    if (isGone) calls.push(`close ${client}`);
    calls.push(...serve(child), `connect ${child} sender`);
    held.push([child, { kind: "udp", family, state: "connected" }]);
    if (!isGone) held.push([client, { kind: "udp", family, state: "connected" }]);
  }
  return { calls, held };
}

/** Letters of clients that wait. */
const WAITING = ["b", "g", "h", "i", "j"];

/** Clients of a server that does not accept them: the last one finds no place. */
export function beginFull(random: Random): Beginning {
  const connects = WAITING.flatMap((letter) => [`socket ${letter} tcp4`, `connect ${letter} 127.0.0.1:7001`]);
  const waits = isChance(random, 50) ? "nonblock e 1" : "set e sendtimeout 1";
  const calls = ["socket a tcp4", "bind a 127.0.0.1:7001", "listen a 8", ...connects, "socket e tcp4", waits];
  const held = ["b", "c", "d"].map((
    letter,
  ): [string, Held] => [letter, { kind: "tcp", family: 4, state: "connected" }]);
  return {
    calls: [...calls, "connect e 127.0.0.1:7001"],
    held: [["a", { kind: "tcp", family: 4, state: "listens" }], ...held, ["e", {
      kind: "tcp",
      family: 4,
      state: "new",
    }]],
  };
}

/** A UDP server that receives from a plain sender, and replies. */
export function beginPlainSender(random: Random): Beginning {
  const calls = ["socket a udp4", `bind a ${random.pick(["127.0.0.1", "0.0.0.0"])}:7001`, "open b sender"];
  calls.push("sendto b 127.0.0.1:7001 hello", "recvfrom a 100", "sendto a sender reply", "recv b 100");
  return {
    calls,
    held: [["a", { kind: "udp", family: 4, state: "bound" }], ["b", { kind: "sender", family: 4, state: "new" }]],
  };
}

/** Two servers, with options that decide whether both may be there. */
export function beginServers(random: Random): Beginning {
  const calls: string[] = [];
  const held: [string, Held][] = [];
  for (const letter of ["b", "c"]) {
    const type = random.pick(TYPES);
    const family = type.endsWith("6") ? 6 : 4;
    calls.push(`socket ${letter} ${type}`);
    for (const option of ["reuseaddr", "reuseport", "v6only"]) {
      if (isChance(random, option === "v6only" ? 20 : 50)) calls.push(`set ${letter} ${option} ${random.below(2)}`);
    }
    calls.push(`bind ${letter} ${random.pick(family === 4 ? HOSTS4 : HOSTS6)}:7001`);
    const isStream = type.startsWith("tcp");
    const listens = isStream && isChance(random, 80);
    if (listens) calls.push(`listen ${letter} ${random.pick(BACKLOGS)}`);
    held.push([letter, { kind: isStream ? "tcp" : "udp", family, state: listens ? "listens" : "bound" }]);
  }
  return { calls, held };
}
