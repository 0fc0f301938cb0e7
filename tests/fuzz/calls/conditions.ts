/** Questions that the rules of differences ask about a call, and about the sockets of its program. */
import type { Concerned, Done, Followed } from "./follow.ts";

/** A call that ended in two ways. */
export interface Difference {
  readonly line: string;
  readonly network: string;
  readonly library: string;
  /** The calls before, with their results over the network. */
  readonly before: readonly Done[];
}

/** The input of a rule. */
export interface Case extends Difference, Concerned {
  readonly worker: string;
  readonly name: string;
  readonly words: readonly string[];
  /** The socket or set of the call's letter. */
  readonly own: Followed | undefined;
  /** All sockets of the program. */
  readonly all: readonly Followed[];
}

/** A difference that has a row. */
export interface Rule {
  /** Words that the row has. */
  readonly row: string;
  is(one: Case): boolean;
}

export const POLLIN = 0x1;
export const POLLERR = 0x8;
export const POLLHUP = 0x10;
const POLLRDHUP = 0x2000;

export function isUdp(socket: Followed | undefined): boolean {
  return socket?.type.startsWith("udp") === true;
}

export function portOf(address: string | undefined): string | undefined {
  // The words that the interpreter makes an address of 7001 from.
  return /^((bind|connect) )?wide$/.test(address ?? "") ? "7001" : /:(\d+)$/.exec(address ?? "")?.[1];
}

export function hasConnected(socket: Followed | undefined): boolean {
  return socket?.calls.some((call) => call.startsWith("connect")) === true;
}

/** True for a socket that was bound to an address and any port, and then disconnected, or as a stream refused. */
export function hasForgottenAddress(socket: Followed): boolean {
  const bound = socket.calls.findIndex((call) => /^bind \S+:0$/.test(call) && !/^bind (0\.0\.0\.0|\[::\]):/.test(call));
  return bound >= 0 && (socket.calls.indexOf("connect none", bound) >= 0 ||
    !isUdp(socket) && socket.failed.some((call) => call.startsWith("connect")));
}

/** True for a connect to the socket's port, or to the last sender. */
export function connectsTo(call: string, socket: Followed | undefined): boolean {
  return call === "connect sender" || call.startsWith("connect ") && portOf(call) === boundPort(socket);
}

export function losesError(socket: Followed | undefined): boolean {
  return isUdp(socket) && socket?.calls.includes("connect none") === true;
}

export function isShutdown(call: string): boolean {
  return call.startsWith("shutdown");
}

export function isListener(socket: Followed | undefined): boolean {
  return socket?.calls.some((call) => call.startsWith("listen")) === true;
}

/** True if its reading side is shut, also by a call that failed. */
export function isDeaf(socket: Followed | undefined): boolean {
  return [...socket?.calls ?? [], ...socket?.failed ?? []].some((call) => /^shutdown rw?/.test(call));
}

/** True for a UDP socket that was bound to a wildcard, also by a send, when it connected. */
export function keepsWildcard(socket: Followed | undefined): boolean {
  const calls = socket?.calls ?? [];
  const connected = calls.findIndex((call) => call.startsWith("connect"));
  return isUdp(socket) &&
    calls.slice(0, Math.max(connected, 0)).some((call) => /^(bind (0\.0\.0\.0|\[::\]):|send)/.test(call));
}

export function boundPort(socket: Followed | undefined): string | undefined {
  return portOf(socket?.calls.find((call) => call.startsWith("bind")));
}

/** True for a stream that has connected to the port that it is bound to, and so over TCP perhaps to itself. */
export function meetsItself(socket: Followed | undefined): boolean {
  const port = boundPort(socket);
  return socket?.type.startsWith("tcp") === true && port !== undefined &&
    socket.calls.some((call) => call.startsWith("connect ") && portOf(call) === port);
}

/** True if a wait reports no other events than over the network, and not all of these. */
export function hasFewer(events: Concerned["events"], most: number): boolean {
  return events === undefined ||
    (events.library & ~events.network) === 0 && (events.network & ~events.library & ~most) === 0;
}

/** True if the call finds a side of the socket shut. */
export function findsShut({ name, network, library, events }: Case): boolean {
  if (library === "waits") return true;
  if (WAITS.test(name)) return hasFewer(events, POLLIN | POLLHUP | POLLRDHUP);
  if (/^(send|write)/.test(name)) return network.startsWith("EPIPE");
  return /^(recv|read)/.test(name) && /^(\d )?0/.test(network);
}

export const WAITS = /^(p?poll|wait|select)$/;

/** Calls that leave a socket neither bound nor connected. */
export const ASKS = /^(set|get|name|peer|p?poll|nonblock|unread|unsent|mark|flags|interface)\b/;

export function isLimited(before: readonly Done[]): boolean {
  return before.some(({ line }) => / limit /.test(line));
}

/** True if it has its port with another server by SO_REUSEPORT. */
export function sharesPort(socket: Followed | undefined, all: readonly Followed[]): boolean {
  const shares = (one: Followed) => one.calls.includes("set reuseport 1") && boundPort(one) === boundPort(socket);
  return socket !== undefined && shares(socket) && all.some((one) => one !== socket && shares(one));
}

/** True if a datagram may wait on a connected socket, which has sent to nobody before. */
export function hasWaiting(socket: Followed | undefined, before: readonly Done[], all: readonly Followed[]): boolean {
  const port = boundPort(socket);
  const isSent = (call: string) => /^(send|write)/.test(call);
  const isShared = all.some((one) => one !== socket && isUdp(one) && boundPort(one) === port);
  return hasConnected(socket) && port !== undefined &&
    (isShared || [...socket?.failed ?? [], ...socket?.calls ?? []].some(isSent)) &&
    (before.some(({ line }) => / send/.test(line) && line.includes(`:${port} `)) ||
      all.some(({ calls }) =>
        calls.some(isSent) && calls.some((call) => /^connect /.test(call) && portOf(call) === port)
      ));
}

/** True for a stream whose end may reset its connection. */
export function resets(socket: Followed): boolean {
  return !isUdp(socket) && (socket.calls.includes("set linger 1") || socket.calls.includes("connect none"));
}

export function isConnectedStream(socket: Followed | undefined): boolean {
  return !isUdp(socket) && socket?.calls.some((call) => /^(accepted|connect (?!none))/.test(call)) === true;
}

export function hasSent(socket: Followed): boolean {
  return socket.calls.some((call) => /^(send|write)/.test(call));
}

/** True for a set with a registration that one process made of a socket that another then replaced. */
export function isSetOfOthers(set: Followed | undefined): boolean {
  return [...set?.registered.values() ?? []].some(({ socket, by }) =>
    socket.settledBy !== undefined && socket.settledBy !== by
  );
}

/** True if it has shut down writing. */
export function isMute(socket: Followed): boolean {
  return socket.calls.some((call) => /^shutdown r?w/.test(call));
}

/** True if both its sides are shut. */
export function isShutBoth(socket: Followed | undefined): boolean {
  const shut = socket?.calls.filter(isShutdown) ?? [];
  return shut.includes("shutdown rw") || shut.includes("shutdown r") && shut.includes("shutdown w");
}

/** True if it was connected to an IPv6 address, and later to an IPv4 one. */
export function hasChangedFamily(socket: Followed): boolean {
  const isIpv4 = (call: string) => /^connect (\[::ffff:|\d)/.test(call);
  const first = socket.calls.findIndex((call) => call.startsWith("connect [") && !isIpv4(call));
  return first >= 0 && socket.calls.slice(first).some(isIpv4);
}

/** True if the call finds the connection reset over TCP, and ended under the library. */
export function findsReset({ name, words, network, library, events }: Case): boolean {
  if (WAITS.test(name)) return events === undefined || (events.network & POLLHUP) !== 0;
  if (/^(recv|read)/.test(name)) return network === "ECONNRESET" && /^(\d )?0/.test(library);
  if (/^(send|write)/.test(name)) return /^(EPIPE|ECONNRESET)/.test(network);
  return /^(peer|shutdown)$/.test(name) && network === "ENOTCONN" ||
    name === "get" && /^(error|state)$/.test(words[1] ?? "");
}

/** True if under the library only the first of the data were received, or none. */
export function hasStart(network: string, library: string): boolean {
  const dataOf = (result: string) => [...result.matchAll(/"(.*?)"/g)].map(([, data]) => data).join("");
  const [all, some] = [dataOf(network), dataOf(library)];
  return /^(\d|EAGAIN|waits)/.test(library) && all !== some && all.startsWith(some);
}

/** True if both results are the same but for addresses. */
export function isSameBut(network: string, library: string): boolean {
  const address = /(\d+(\.\d+){3}|\[[0-9a-f:.]+\]):\w+/g;
  return network.replace(address, "") === library.replace(address, "");
}
