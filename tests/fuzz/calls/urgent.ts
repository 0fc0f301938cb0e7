/** Allowed differences of urgent data. */
import { isUdp, POLLIN, resets, type Rule, WAITS } from "./conditions.ts";
import type { Followed } from "./follow.ts";

/** @returns How many urgent bytes a stream has sent. */
function countUrgent(socket: Followed): number {
  const sent = isUdp(socket) ? [] : socket.calls.filter((call) => call.endsWith(" +urgent"));
  return sent.reduce((sum, call) => sum + (call.startsWith("sendmmsg") ? 2 : 1), 0);
}

/** True if under the library a wait reports data, too, and over the network not. */
function hasData(events: { network: number; library: number } | undefined): boolean {
  return events === undefined || (events.library & ~events.network) === POLLIN && (events.network & POLLIN) === 0;
}

export const URGENT: readonly Rule[] = [
  {
    row: "If only an urgent byte is unread, `select`, which is not intercepted, reports data.",
    is: ({ name, network, socket, events, all }) =>
      !isUdp(socket) && all.some((one) => countUrgent(one) > 0) &&
      (WAITS.test(name) && hasData(events) || /^(recv|read)/.test(name) && network === "waits"),
  },
  {
    row: "If a second urgent byte arrives before the first one was taken, the first one becomes a byte of the stream",
    is: ({ name, socket, all }) =>
      !isUdp(socket) && all.some((one) => countUrgent(one) > 1) &&
      (WAITS.test(name) || /^(recv|read|unread|mark)/.test(name)),
  },
  {
    row: "`FIONREAD` counts urgent bytes, even those that were taken",
    is: ({ name, socket, all }) => name === "unread" && !isUdp(socket) && all.some((one) => countUrgent(one) > 0),
  },
  {
    row: "A datagram with `MSG_OOB` to an IPv6 address is `EOPNOTSUPP`; UDP over IPv6 ignores the flag.",
    is: ({ line, library, socket }) => socket?.type === "udp6" && line.endsWith(" +urgent") && library === "EOPNOTSUPP",
  },
  {
    row: "`recv` with `MSG_OOB` on a UDP socket is `EOPNOTSUPP`; UDP ignores the flag.",
    is: ({ name, line, library, socket }) =>
      name.startsWith("recv") && isUdp(socket) && line.endsWith(" urgent") && library === "EOPNOTSUPP",
  },
  {
    row: "To a wrong address it fails as any datagram does; UDP over IPv4 says `EOPNOTSUPP` of all.",
    is: ({ line, network, library, socket }) =>
      isUdp(socket) && line.endsWith(" +urgent") && network === "EOPNOTSUPP" && library.startsWith("E"),
  },
  {
    row: "`recv` with `MSG_OOB` on a stream that is not connected is `ENOTCONN`; TCP says `EINVAL`.",
    is: ({ line, network, library, socket }) =>
      line.endsWith(" urgent") && network === "EINVAL" && library === "ENOTCONN" && !isUdp(socket),
  },
  {
    row: "`recv` with `MSG_OOB` after a write that was lost is `EINVAL`",
    is: ({ line, network, library, socket }) =>
      line.endsWith(" urgent") && /^(EPIPE|ECONNRESET)/.test(network) && library === "EINVAL" && !isUdp(socket),
  },
  {
    row: "`splice` reads past the place of an urgent byte",
    is: ({ name, network, socket, all }) =>
      name === "recvsplice" && network === "0" && !isUdp(socket) && all.some((one) => countUrgent(one) > 0),
  },
  {
    row: "If the peer closes with `SO_LINGER` 0, or calls `connect(AF_UNSPEC)`, `read` returns end of file",
    is: ({ line, network, socket, all }) =>
      line.endsWith(" urgent") && network === "ENOTCONN" && all.some((one) => one !== socket && resets(one)),
  },
];
