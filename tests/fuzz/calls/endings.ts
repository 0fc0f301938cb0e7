/** Allowed differences in how connections and listeners end. */
import {
  boundPort,
  findsShut,
  hasFewer,
  hasStart,
  isConnectedStream,
  isDeaf,
  isListener,
  isShutBoth,
  isShutdown,
  POLLIN,
  portOf,
  type Rule,
  WAITS,
} from "./conditions.ts";
import type { Followed } from "./follow.ts";

export const ENDINGS: readonly Rule[] = [
  {
    row: "A `shutdown` before `connect` or `listen` is `ENOTCONN` and forgotten",
    is: (one) =>
      one.socket?.isShutEarly === true && (findsShut(one) || one.name === "connect" && one.network === "EINVAL"),
  },
  {
    row: "If that `connect` is refused, the side stays shut",
    is: ({ name, network, library, socket, events }) =>
      socket?.isShutEarly === true && socket.failed.some((call) => call.startsWith("connect")) &&
      (/^(recv|read)/.test(name) && network === "ENOTCONN" && /^(\d )?0/.test(library) ||
        events !== undefined && (events.network & ~events.library) === 0),
  },
  {
    row: "A `shutdown` after one of `SHUT_RDWR` returns 0, even if the peer has closed meanwhile",
    is: ({ name, network, library, socket }) =>
      name === "shutdown" && network === "ENOTCONN" && library === "0" &&
      socket?.calls.includes("shutdown rw") === true,
  },
  {
    row: "and if the peer closed or shut down writing after this side's `SHUT_RDWR`",
    is: ({ name, network, library, socket }) =>
      name === "peer" && network === "ENOTCONN" && library.startsWith("0 ") && isShutBoth(socket),
  },
  {
    row: "A connection that was reset stays bound",
    is: ({ name, words, network, library, socket }) =>
      (name === "bind" && /^(0|EADDRINUSE)$/.test(network) ||
        name === "set" && words[1] === "v6only" && network === "0") &&
      library === "EINVAL" && isConnectedStream(socket),
  },
  {
    row: "`recvmmsg` on a stream that was reset returns the data; TCP reports the reset first.",
    is: ({ name, network, library, socket }) =>
      name === "recvmmsg" && /^(ECONNRESET|EPIPE)$/.test(network) && /^\d /.test(library) && isConnectedStream(socket),
  },
  {
    row: "After `shutdown(SHUT_RD)` your program can read no new data",
    is: ({ name, network, library, events, socket }) =>
      isDeaf(socket) &&
      (/^(recv|read)/.test(name) && hasStart(network, library) ||
        // A size alone: the data of a read with MSG_TRUNC are not shown.
        /^recv/.test(name) && /^[1-9]\d* ""/.test(network) && library === "EAGAIN" ||
        name === "recvmmsg" && network.startsWith("2 ") && library.startsWith("1 ") ||
        name === "unread" && library === "0 0" ||
        WAITS.test(name) && hasFewer(events, POLLIN)),
  },
  {
    row: "`TCP_INFO` after this side's `shutdown(SHUT_RD)` does not report the peer's shutdown",
    is: ({ name, words, socket }) => name === "get" && words[1] === "state" && isDeaf(socket),
  },
  {
    row: "A client that has sent nothing hears of the `shutdown` of its listener as of an end",
    is: ({ name, network, library, socket, all }) =>
      (/^ECONNRESET( at 0)?$/.test(network) ||
        network === "ENOTCONN" && (name === "peer" || name === "shutdown" && library === "0")) &&
      !socket?.calls.some((call) => /^(send|write)/.test(call)) &&
      all.some((one) => isListener(one) && one.calls.some(isShutdown)),
  },
  {
    row: "A listener that another process has shut down cannot be used again",
    is: ({ name, library, words, socket, all }) => {
      const isShut = (one: Followed | undefined) =>
        one?.isShared === true && isListener(one) && one.calls.some(isShutdown);
      return isShut(socket) ||
        name === "connect" && library === "ECONNREFUSED" &&
          all.some((one) => isShut(one) && boundPort(one) === portOf(words[1]));
    },
  },
  {
    row: "A listener on a port that it did not choose, and that was shut down, cannot be bound anew",
    is: ({ name, network, library, socket }) =>
      isListener(socket) && socket?.calls.some(isShutdown) === true &&
      (name === "bind" && /^(0|EADDRINUSE)$/.test(network) && library === "EINVAL" ||
        socket.isHandedOn && !socket.calls.some((call) => call.startsWith("bind"))),
  },
];
