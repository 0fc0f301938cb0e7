/** Allowed differences from TCP and UDP: each rule names its row of docs/limits.md. */
import {
  ASKS,
  boundPort,
  type Difference,
  findsReset,
  hasConnected,
  hasWaiting,
  isConnectedStream,
  isDeaf,
  isLimited,
  isListener,
  isSameBut,
  isShutdown,
  isUdp,
  keepsWildcard,
  losesError,
  meetsItself,
  POLLERR,
  portOf,
  resets,
  type Rule,
  sharesPort,
  WAITS,
} from "./conditions.ts";
import { ENDINGS } from "./endings.ts";
import { type Concerned, readLine, socketsOf } from "./follow.ts";
import { RARE } from "./rare_differences.ts";
import { URGENT } from "./urgent.ts";

const RULES: readonly Rule[] = [
  {
    row: "A connected socket sends to a socket that is itself connected to a third one",
    is: ({ name, network, library, events, socket, all }) =>
      isUdp(socket) && hasConnected(socket) &&
      (/ECONNREFUSED|value 111/.test(network) || events !== undefined && (events.network & POLLERR) !== 0 ||
        name === "sendmmsg" && network === "1" && library === "2" || name === "select") &&
      all.some((one) => one !== socket && isUdp(one) && boundPort(one) !== undefined && hasConnected(one)),
  },
  {
    row: "A server sees each client with an invented port, even one that had bound a port.",
    is: ({ name, before, network, library }) =>
      /^(accept|peer)/.test(name) && /- control 7003 unix/.test(before[0]?.line ?? "") && isSameBut(network, library),
  },
  {
    row: "A stream that is bound and not connected returns `EINVAL` from `recv`",
    is: ({ name, before, socket }) =>
      /^(recv|read|send|write)/.test(name) && /- control 7003 unix/.test(before[0]?.line ?? "") &&
      socket?.calls.includes("bind 127.0.0.1:7003") === true && !hasConnected(socket),
  },
  {
    row: "A reply of a server on a wildcard has the address that the client sent to as its source",
    is: ({ all, socket, network, library }) =>
      isUdp(socket) && isSameBut(network, library) &&
      all.some((one) => isUdp(one) && one.calls.some((call) => /^bind (0\.0\.0\.0|\[::\]):/.test(call))),
  },
  {
    row: "A UDP socket that connects to port 0 has port 0 as its peer; with UDP it has no peer",
    is: ({ socket, all }) =>
      isUdp(socket) && all.some((one) => isUdp(one) && one.calls.some((call) => /^connect .*:0$/.test(call))),
  },
  {
    row: "A UDP socket that has sent to a port with a control file is connected to the target",
    is: ({ before, name, socket, line }) =>
      before[0]?.line.includes("/udp unix") === true && isUdp(socket) &&
      /^(send|write|peer|recv|read|p?poll|select|wait|shutdown)/.test(name) &&
      [...socket?.calls ?? [], line].some((one) => /^(\S+ )?send\S* (\w )?127\.0\.0\.1:7003/.test(one)),
  },
  {
    row: "its duplicates that were made before are bound and connected apart",
    is: ({ name, network, library, socket }) =>
      socket?.isHandedOn === true &&
      (name === "connect" && network === "EISCONN" && library === "0" ||
        name === "bind" && network === "EINVAL" && library === "EADDRINUSE"),
  },
  {
    row: "A socket that is bound to `[::]` for both families appears to every receiver as `::1`",
    is: ({ network, library, socket }) =>
      isUdp(socket) && network.includes("[::ffff:127.0.0.1]") && library.includes("[::1]"),
  },
  {
    row: "A `connect` to a port whose control file refuses (`make-control --refuse`) is `ECONNREFUSED`",
    is: ({ name, network, library, before, socket }) =>
      name === "connect" && network === "0" && library === "ECONNREFUSED" && isUdp(socket) &&
      before[0]?.line.endsWith("/udp refuse") === true,
  },
  {
    row: "A *plain* Unix program uses `AF_UNIX` itself, and is not under unsock",
    is: ({ socket }) => /^(plain|sender|unix)$/.test(socket?.type ?? ""),
  },
  {
    row: "With no descriptor left, options that the library does not hold itself are not asked for",
    is: ({ name, network, library, before }) =>
      isLimited(before) &&
      (name === "get" && library === "ENOPROTOOPT" || name === "set" && network.startsWith("E") && library === "0"),
  },
  {
    row: "unsock needs one or two descriptors for a moment where TCP needs none",
    is: ({ before, library }) => /^(ENOBUFS|EMFILE)/.test(library) && isLimited(before),
  },
  {
    row: "A listener that is shut down with none left loses its port",
    is: ({ name, before, all }) =>
      (/^(bind|listen|connect|accept)/.test(name) || WAITS.test(name)) && isLimited(before) &&
      all.some((one) => one.calls.some(isShutdown) || isListener(one) && one.calls.includes("connect none")),
  },
  {
    row: "The send itself fails with `ECONNREFUSED` in four cases: no descriptor is left",
    is: ({ name, before, library, socket, all }) =>
      /^(send|write)/.test(name) && library === "ECONNREFUSED" && isUdp(socket) &&
      (isLimited(before) || hasWaiting(socket, before, all) || isDeaf(socket)),
  },
  {
    row: "`listen` uses `net.core.somaxconn` as the backlog, whatever the program asks for",
    is: ({ name, network, library, socket }) =>
      name === "connect" && network === "ETIMEDOUT" && library === "0" &&
      socket?.calls.includes("set sendtimeout 1") === false,
  },
  {
    row: "With `SO_REUSEPORT`, clients are spread over all listeners of one user",
    is: ({ name, all, socket }) =>
      /^(accept|p?poll|select|wait)/.test(name) && sharesPort(socket, all) && !isUdp(socket),
  },
  {
    row: "Among sockets with `SO_REUSEPORT` the client's port selects the receiver",
    is: ({ name, all, socket }) =>
      /^(recv|read|p?poll|select|wait|unread|accept)/.test(name) && sharesPort(socket, all) && isUdp(socket),
  },
  {
    row:
      "If a socket is made before `fork`, and one of the processes then binds, connects, disconnects it or listens on it",
    is: ({ worker, name, words, network, library, socket, all }) =>
      socket?.settledBy !== undefined && (socket.settledBy !== worker || socket.isUsedApart) ||
      (name === "connect" && network === "EISCONN" || name === "shutdown" && library === "ENOTCONN") &&
        socket?.isShared === true && isListener(socket) ||
      /^(bind|listen)$/.test(name) && network === "EADDRINUSE" && library === "0" &&
        all.some((one) =>
          one !== socket && one.isShared && isListener(one) &&
          boundPort(one) === (portOf(words[1]) ?? boundPort(socket))
        ) ||
      /^(bind|listen)$/.test(name) &&
        all.some((one) => one.isUsedApart && boundPort(one) === (portOf(words[1]) ?? boundPort(socket))) ||
      name === "accept" && network.startsWith("from ") && library.startsWith("from ") &&
        all.some((one) => one !== socket && one.isUsedApart),
  },
  {
    row: "A socket that connects to its own address is refused",
    is: ({ name, words, socket, library, all }) =>
      name === "connect" && library === "ECONNREFUSED" && portOf(words[1]) === boundPort(socket) ||
      meetsItself(socket) ||
      /^(accept|p?poll|select|wait)/.test(name) &&
        all.some((one) => meetsItself(one) && boundPort(one) === boundPort(socket)),
  },
  {
    row: "A send without an address that fails gives a UDP socket no port",
    is: ({ socket, network, library }) =>
      (network === "EINVAL" || /:any\d+$/.test(network) && library.endsWith(":0")) && isUdp(socket) &&
      socket?.failed.some((call) => /^(send|write|sendto)/.test(call)) === true,
  },
  {
    row: "`read`, `readv` and `splice` from a stream that is not connected fail with `EINVAL`",
    is: ({ name, network, library }) =>
      /^(readv?|recvsplice)$/.test(name) && /^(ENOTCONN|0$)/.test(network) && library === "EINVAL",
  },
  {
    row: "After a send to nobody on a connected socket, `read`, `readv` and `splice` say `ECONNRESET`",
    is: ({ name, network, library }) =>
      /^(readv?|recvsplice)$/.test(name) && network === "ECONNREFUSED" && library === "ECONNRESET",
  },
  {
    row: "A UDP socket that is bound to a wildcard keeps the wildcard when it connects",
    is: ({ name, socket, all, network, library }) =>
      /^(name|peer)$/.test(name) && keepsWildcard(socket) ||
      isUdp(socket) && (network === "ECONNREFUSED" || library === "EADDRINUSE") && all.some(keepsWildcard),
  },
  {
    row: "`IPV6_V6ONLY` of a socket that is bound to an IPv6 address is read back as set",
    is: ({ name, words, network, library }) =>
      name === "get" && words[1] === "v6only" && network.startsWith("0 value 1 ") && library.startsWith("0 value 0 "),
  },
  {
    row: "A UDP socket that was shut down and disconnects sends again",
    is: ({ socket }) =>
      isUdp(socket) && socket?.calls.some(isShutdown) === true && socket.calls.includes("connect none"),
  },
  {
    row: "`sendfile` and `splice` to a connected UDP socket without a peer fail at once",
    is: ({ name, library, socket }) =>
      /^(sendfile|sendsplice)$/.test(name) && isUdp(socket) && hasConnected(socket) && library.startsWith("E"),
  },
  {
    row: "`SIOCATMARK` on a UDP socket returns 0",
    is: ({ name, socket }) => name === "mark" && isUdp(socket),
  },
  {
    row: "If the peer closes with `SO_LINGER` 0, or calls `connect(AF_UNSPEC)`, `read` returns end of file",
    is: (one) =>
      isConnectedStream(one.socket) && one.all.some((other) => other !== one.socket && resets(other)) &&
      findsReset(one),
  },
  ...ENDINGS,
  {
    row: "A socket that was bound, connected or accepted through a control file is one of the target's family",
    is: ({ before, socket }) =>
      / control 7003/.test(before[0]?.line ?? "") && socket?.isHandedOn === true &&
      socket.calls.some((call) => /^(bind|connect|accepted) 127\.0\.0\.1:7003$/.test(call)),
  },
  {
    row: "`sendfile` and `splice` raise `SIGPIPE` one call early",
    is: ({ name, network, library, socket }) =>
      /^(sendfile|sendsplice)$/.test(name) &&
      (library === `${network} and SIGPIPE` || /^EPIPE.*SIGPIPE/.test(library) &&
          (network.startsWith("ECONNRESET") || socket?.isHandedOn === true)),
  },
  {
    row: "A `sendto` to nobody on an unconnected socket with `IP_RECVERR` fails with `ECONNREFUSED` itself",
    is: ({ network, library, socket }) =>
      isUdp(socket) && socket?.calls.some((call) => call.startsWith("set recverr 1")) === true &&
      (network === "ECONNREFUSED" || library === "ECONNREFUSED"),
  },
  {
    row: "Once connected, a stream has `AF_UNIX`'s buffers, whatever `SO_SNDBUF` and `SO_RCVBUF` were set to",
    is: ({ name, words, socket }) =>
      name === "get" && /^(snd|rcv)buf$/.test(words[1] ?? "") && isConnectedStream(socket),
  },
  {
    row: "Edge-triggered events are more frequent than over TCP",
    is: ({ name, mode, events }) =>
      WAITS.test(name) && mode.includes("edge") && (events === undefined || events.network === 0),
  },
  {
    row: "A `shutdown` that fails or changes nothing causes none, nor does a blocking `connect` that is refused",
    is: ({ name, mode, events, socket }) =>
      WAITS.test(name) && mode.includes("edge") && (events === undefined || events.library === 0) &&
      ([...socket?.calls ?? [], ...socket?.failed ?? []].some(isShutdown) ||
        !isUdp(socket) && socket?.failed.some((call) => call.startsWith("connect ")) === true),
  },
  {
    row: "An error that a connected UDP socket has not reported yet is lost when it disconnects",
    is: ({ network, socket, events }) =>
      losesError(socket) && (network === "ECONNREFUSED" || events !== undefined && (events.network & POLLERR) !== 0),
  },
  {
    row: "`connect` to another peer or to none drops what was queued",
    is: ({ name, socket, events, all }) =>
      isUdp(socket) && /^(recv|read|p?poll|select|unread|wait)/.test(name) &&
      (socket?.dropsQueue === true ||
        events !== undefined && (events.library ^ events.network) === POLLERR &&
          all.some((one) => one !== socket && one.dropsQueue)),
  },
  {
    row: "Two sockets that are bound to a wildcard and connected to each other by another address of 127.0.0.0/8",
    is: ({ name, network, socket }) =>
      (network === "waits" || name === "sendmmsg" && network === "1") && keepsWildcard(socket),
  },
  {
    row: "With a negative size it is `EINVAL`;",
    is: ({ name, words, library }) =>
      name === "get" && words.join(" ").endsWith("v6only negative") && library === "EINVAL",
  },
  {
    row: "After a refused connect `getsockname` may show no port, or a local address that was not asked for",
    is: ({ name, words, socket }) =>
      (name === "name" || name === "get" && words[1] === "maxseg") &&
      socket?.failed.some((call) => call.startsWith("connect")) === true,
  },
  {
    row: "After a refused non-blocking connect and a `bind`, a stream is as new",
    is: ({ name, network, library, socket }) =>
      (name === "listen" && network === "EINVAL" && library === "0" ||
        name === "connect" && network === "ECONNABORTED" ||
        /^(recv|read)/.test(name) && /^(\d )?0( nobody.*)?$/.test(network) && /^(ENOTCONN|EINVAL)$/.test(library) ||
        WAITS.test(name) && network.includes("0x2015") && library.includes("0x14")) &&
      socket?.failed.some((call) => call.startsWith("connect")) === true,
  },
  {
    row: "a UDP socket that is connected to one, can then connect to an IPv6 address",
    is: ({ network, socket }) => network === "EAFNOSUPPORT" && socket?.type.endsWith("6") === true,
  },
  {
    row: "Two sockets cannot be bound to one address and port at once, even with `SO_REUSEADDR`",
    is: ({ name, network, library, socket }) =>
      (name === "bind" || name === "listen") && network === "0" && library === "EADDRINUSE" && !isUdp(socket),
  },
  {
    row: "After `exec`, or for a received descriptor, options are back at their defaults.",
    is: ({ name, socket }) =>
      socket?.isHandedOn === true &&
      (isUdp(socket) || name === "get" || socket.calls.every((call) => ASKS.test(call))),
  },
  {
    row: "Nor are those in a set that the program was handed (by `exec` or over a socket)",
    is: ({ name, network, own }) =>
      (/^(wait|modify|delete)$/.test(name) || name === "add" && network === "EEXIST") && own?.isHandedOn === true,
  },
  {
    row: "If processes share a connected UDP socket, the process that sent to nobody gets the error",
    is: ({ network, socket }) => network === "ECONNREFUSED" && socket?.isShared === true && isUdp(socket),
  },
  {
    row: "After `connect(AF_UNSPEC)` a stream that the program had not bound to a port of its choice shows port 0",
    is: ({ name, network, library, events, socket }) =>
      !isUdp(socket) && socket?.calls.includes("connect none") === true &&
      (/^(name|get)$/.test(name) || /^(send|write|recv|read)/.test(name) && network === "ECONNRESET" ||
        WAITS.test(name) && (network.replace("0x1c", "0x14") === library ||
            events?.network === 0x1c && events.library === 0x14)),
  },
  {
    row: "TCP's connect ends with `ETIMEDOUT`: the kernel keeps sending its segments to the IPv4 address",
    is: ({ name, words, network, socket }) =>
      name === "connect" && network === "ETIMEDOUT" && socket?.type.startsWith("tcp6") === true &&
      words[1]?.startsWith("[::ffff:") === false &&
      socket.failed.some((call) => call.startsWith("connect [::ffff:")),
  },
  ...RARE,
  ...URGENT,
];

/** @returns The row that tells of a difference; undefined: none does. */
export function rowOf(difference: Difference): string | undefined {
  const { line, before, network, library } = difference;
  const { concerned, own, all } = socketsOf(line, before, network, library);
  const find = (one: Concerned) =>
    RULES.find((rule) => rule.is({ ...difference, ...readLine(line), ...one, own, all }))?.row;
  // Each socket that a wait reports otherwise needs a row.
  const rows = concerned.map((list) => list.map(find).find((row) => row !== undefined));
  return rows.includes(undefined) ? undefined : rows[0];
}

/** All rows that rules name. */
export const ROWS: readonly string[] = RULES.map(({ row }) => row);
