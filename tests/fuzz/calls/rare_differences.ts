/** Allowed differences that few programs meet, asked about after all others (`differences.ts`). */
import {
  boundPort,
  connectsTo,
  findsReset,
  hasChangedFamily,
  hasConnected,
  hasFewer,
  hasForgottenAddress,
  hasSent,
  hasStart,
  isConnectedStream,
  isDeaf,
  isLimited,
  isMute,
  isSetOfOthers,
  isShutBoth,
  isUdp,
  POLLERR,
  POLLHUP,
  POLLIN,
  type Rule,
  WAITS,
} from "./conditions.ts";

export const RARE: readonly Rule[] = [
  {
    row: "If your program has shut down both sides, data that the peer sends afterwards do not reset the connection",
    is: (one) =>
      isShutBoth(one.socket) && findsReset(one) && !one.network.startsWith("EPIPE") &&
      one.all.some((other) => other !== one.socket && isConnectedStream(other) && hasSent(other)),
  },
  {
    row: "A UDP socket over IPv6 that was connected to an IPv6 address, and then to an IPv4 one",
    is: ({ name, network, library, socket, events }) =>
      socket?.type.startsWith("udp6") === true && hasChangedFamily(socket) &&
      (network === "waits" || library === "ECONNREFUSED" || name === "sendmmsg" && library === "1" ||
        events !== undefined && (events.network & ~events.library) === 0),
  },
  {
    row: "If the peer has shut down writing and then closes with unread data",
    is: ({ name, words, network, library, socket, all }) =>
      isConnectedStream(socket) && all.some((other) => other !== socket && isConnectedStream(other) && isMute(other)) &&
      (/^(recv|read)/.test(name) && /^(EPIPE|(\d )?0)/.test(network) && library === "ECONNRESET" ||
        /^(send|write)/.test(name) && network.startsWith("EPIPE") && library.startsWith("ECONNRESET") ||
        name === "get" && words[1] === "error" && network.includes("value 32 ") && library.includes("value 104 ")),
  },
  {
    row: "`TCP_MAXSEG` of a connection stays 32,741 bytes (32,732 over IPv6), as TCP's client begins.",
    is: ({ name, words, library, socket }) =>
      name === "get" && words[1] === "maxseg" && /value 327(41|32) /.test(library) && isConnectedStream(socket),
  },
  {
    row: "nor those that another process made in a set that it shares by `fork`",
    is: ({ name, network, library, own }) =>
      isSetOfOthers(own) &&
      (/^(modify|delete)$/.test(name) && library === "ENOENT" || name === "add" && network === "EEXIST" ||
        WAITS.test(name)),
  },
  {
    row: "A socket that closes with fewer than two left leaves its file",
    is: ({ name, network, library, before }) =>
      name === "bind" && network === "0" && library === "EADDRINUSE" &&
      isLimited(before.slice(0, before.findLastIndex(({ line }) => / (close|closerange) |exit|kill/.test(line)))),
  },
  {
    row: "After `exec`, or for a received descriptor, `connect` to an address of an unknown family is `EINVAL`",
    is: ({ name, words, network, library, socket }) =>
      name === "connect" && words[1] === "strange" && /^(EAFNOSUPPORT|EISCONN)$/.test(network) &&
      library === "EINVAL" &&
      socket?.isHandedOn === true,
  },
  {
    row: "An IPv4 UDP socket that is bound through a control file sends to an IPv6 address with `EINVAL`",
    is: ({ name, network, library, socket, before }) =>
      /^send/.test(name) && network === "EAFNOSUPPORT" && library === "EINVAL" && socket?.type === "udp4" &&
      socket.calls.includes("bind 127.0.0.1:7003") && before[0]?.line.includes("control 7003/udp") === true,
  },
  {
    row: "If both ends have shut down reading, a write after the first is `EPIPE` with its signal",
    is: ({ name, network, library, socket, all }) =>
      (/^(send|write)/.test(name) && /^\d/.test(network) && /^(EPIPE|1 and SIGPIPE)/.test(library) ||
        name === "shutdown" && network === "0" && library === "ENOTCONN") &&
      isDeaf(socket) && isConnectedStream(socket) &&
      all.some((other) => other !== socket && isConnectedStream(other) && isDeaf(other)),
  },
  {
    row: "If the target is its own port, the `connect` of another socket to that port is `EACCES`",
    is: ({ name, words, network, library, socket, all, before }) =>
      name === "connect" && words[1] === "127.0.0.1:7003" && network === "0" && library === "EACCES" && isUdp(socket) &&
      before[0]?.line.includes("control 7003/udp") === true &&
      all.some((one) => one !== socket && isUdp(one) && one.calls.includes("bind 127.0.0.1:7003") && hasSent(one)),
  },
  {
    row: "A socket that was bound to an address and any port forgets the address when it disconnects",
    is: ({ socket, all }) => all.some((one) => isUdp(one) === isUdp(socket) && hasForgottenAddress(one)),
  },
  {
    row: "An accepted stream of a listener on an address forgets that address when it disconnects",
    is: ({ all }) =>
      all.some(({ calls }) => {
        const accepted = calls.findIndex((call) => /^accepted/.test(call));
        return accepted >= 0 && calls.indexOf("connect none", accepted) >= 0;
      }),
  },
  {
    row: "`UDP_CORK`, `MSG_MORE` and multicast have no effect",
    is: ({ name, library, line, socket, all }) =>
      isUdp(socket)
        ? [line, ...all.filter(isUdp).flatMap(({ calls }) => calls)].some((call) => call.endsWith(" +more"))
        : /^(send|write)/.test(name) && /EPIPE|SIGPIPE|ECONNRESET/.test(library) &&
          [line, ...socket?.calls ?? []].some((call) => call.endsWith(" +more")),
  },
  {
    row: "tell a server on a wildcard the address to which a client sent *first*.",
    is: ({ name, network, library, socket }) => {
      const isSent = / to [^ ]+$/;
      return name === "recvmsg" && isUdp(socket) && isSent.test(network) &&
        network.replace(isSent, "") === library.replace(isSent, "");
    },
  },
  {
    row: "From then on the client, if it is connected, receives from sockets of that process alone.",
    is: ({ network, library, socket, events, all }) =>
      isUdp(socket) && hasConnected(socket) &&
      all.some((one) => one !== socket && isUdp(one) && one.calls.some((call) => connectsTo(call, socket))) &&
      (events === undefined ? library === "waits" || hasStart(network, library) : hasFewer(events, POLLIN)),
  },
  {
    row: "This `connect` is `EADDRNOTAVAIL` if the listening socket has unread datagrams of other clients",
    is: ({ name, network, library, socket }) =>
      name === "connect" && network === "0" && library === "EADDRNOTAVAIL" && isUdp(socket),
  },
  {
    row: "Others can send to it, too: `recv`, `recvfrom` and `recvmsg` drop their datagrams",
    is: ({ network, socket, events }) =>
      isUdp(socket) && hasConnected(socket) &&
      (network === "waits" || events !== undefined && (events.library & ~events.network & POLLIN) !== 0),
  },
  {
    row: "A receiver's queue holds `net.unix.max_dgram_qlen` datagrams.",
    is: ({ line, socket, all }) =>
      isUdp(socket) &&
      (/ sendburst /.test(line) || all.some(({ calls }) => calls.some((call) => /^sendburst/.test(call)))),
  },
  {
    row: "`poll` does not wait for the connection",
    is: ({ name, network, library, socket }) =>
      name === "connect" && network === "ETIMEDOUT" && library === "0" &&
      socket?.calls.includes("set sendtimeout 1") === true,
  },
  {
    row:
      "If others share the socket's address, they receive the server's datagrams until the socket has sent to the server",
    is: ({ name, socket, all }) =>
      /^(recv|read|p?poll|select|wait|unread)/.test(name) && isUdp(socket) && boundPort(socket) !== undefined &&
      all.some((one) => one !== socket && isUdp(one) && boundPort(one) === boundPort(socket)) &&
      all.some((one) => isUdp(one) && boundPort(one) === boundPort(socket) && hasConnected(one)),
  },
  {
    row: "A non-blocking `connect` to a full backlog waits up to 0.2 s, then fails with `ETIMEDOUT`",
    is: ({ socket, before }) =>
      !isUdp(socket) && before.some(({ line, result }) => / connect /.test(line) && result === "ETIMEDOUT"),
  },
  {
    row: "An event reports a hang-up at once, and no error after a lost write, if it was registered by a raw",
    is: ({ worker, own, events }) =>
      events !== undefined && (events.library | POLLERR) === (events.network | POLLHUP | POLLERR) &&
      [...own?.registered.values() ?? []].some(({ by }) => by !== worker),
  },
  {
    row: "If a server's socket sends to a client that is gone, no other socket of its address reports an error.",
    is: ({ network, socket, events, all }) =>
      isUdp(socket) && hasConnected(socket) && boundPort(socket) !== undefined &&
      (network === "ECONNREFUSED" || events !== undefined && (events.network & POLLERR) !== 0) &&
      all.some((one) => one !== socket && isUdp(one) && boundPort(one) === boundPort(socket) && hasSent(one)),
  },
  {
    row: "A one-shot that has fired before its socket was replaced can be added by `EPOLL_CTL_ADD` once more",
    is: ({ name, words, network, library, own }) =>
      name === "add" && network === "EEXIST" && library === "0" &&
      own?.registered.get(words[1] ?? "")?.mode.includes("once") === true,
  },
  {
    row: "A poll past libc's functions reports `POLLHUP` as soon as the peer has closed",
    is: ({ line, events }) =>
      line.endsWith(" precise") && events !== undefined && events.library === (events.network | POLLHUP),
  },
  {
    row: "After a send on a UDP socket an edge-triggered set reports `EPOLLOUT` once the receiver reads",
    is: ({ mode, socket, events }) =>
      isUdp(socket) && socket !== undefined && hasSent(socket) && mode.includes("edge") &&
      (events === undefined || events.library === 0),
  },
];
