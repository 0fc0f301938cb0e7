/**
 * The lines of a probe's output that differ from TCP and UDP: the line, its text under the library, and as the reason
 * words of a row of `docs/limits.md`. The list can only shrink: a line that no longer differs fails its test.
 */
import type { Difference, Differences } from "../support/differences.ts";

/** Returns the lines that print `instead`, for the reason in this row. */
function because(row: string, instead: string, ...lines: readonly string[]): Differences {
  const difference: Difference = { instead, why: row };
  return Object.fromEntries(lines.map((line) => [line, difference]));
}

/** The addresses that a wildcard server sees of a client whose name was made before it sent to this address. */
function askedBefore(prefix: string, first: string, ...lines: readonly string[]): Differences {
  const addresses = `at ${first}, from ${first} to ${first}, port right`;
  const row = "tell a server on a wildcard the address to which a client sent *first*";
  return because(row, prefix === "" ? addresses : `at ${prefix}${first} ${addresses}`, ...lines);
}

const NO_DESCRIPTOR = "With no descriptor left (`RLIMIT_NOFILE`), a `bind`, a `connect`";
const SOCKET_A_CLIENT = "A server makes a socket for each client on its own port";
const FROM_BOTH_FAMILIES = "If datagrams wait on a UDP socket that is bound to `[::]` and any port";
const MULTICAST = "An accepted stream's `IP_MULTICAST_TTL` is 1, and its `IPV6_MULTICAST_IF` 0";
const DISCONNECTED = "After `connect(AF_UNSPEC)` a stream that the program had not bound to a port of its choice";
const TIMED_OUT = "If `SO_SNDTIMEO` ends a blocking `connect` to a full backlog";
const FORGETS = "An accepted stream of a listener on an address forgets that address when it disconnects";
const ENDS = ["closed", "shut write", "shut both", "shut write, closed"];
const STREAMS = ["fprintf and fflush", "fputs, unbuffered", "fprintf, by lines", "fwrite of much", "dprintf"];

/** By the probe's file name without `.c`, whatever it was compiled for. */
export const MAY_DIFFER: Readonly<Record<string, Differences>> = {
  address_form: because("`IPV6_ADDRFORM` is `ENOTCONN`", "ENOTCONN", "get", "set"),
  backlog: because(
    "`listen` uses `net.core.somaxconn` as the backlog",
    "50 of 50",
    "backlog 1, connected at once",
  ),
  bad_memory_messages: because(
    "If `recvmmsg` fails after its first datagram, the next call does not report the error",
    "ok, 0 more, left 13",
    "recvmmsg: messages, cut",
  ),
  carried_options: because(
    MULTICAST,
    "0 in 4 bytes",
    ...["early", "late"].map((when) => `IPv6 stream: IPV6_MULTICAST_IF ${when}: accepted`),
  ),
  connect_full: {
    ...because(
      "`TCP_SYNCNT`, `TCP_USER_TIMEOUT` and the system's settings do not end the wait",
      "goes on",
      "TCP_USER_TIMEOUT 500 ms",
    ),
    ...because(TIMED_OUT, "EINPROGRESS", "SO_SNDTIMEO 300 ms, again"),
    ...because(TIMED_OUT, "no", "SO_SNDTIMEO 300 ms, again: with the same port"),
  },
  descriptor_reuse: because(
    NO_DESCRIPTOR,
    "ENOBUFS",
    ...["connect", "bind", "listen", "sendto"].map((call) => `${call}, table full`),
  ),
  disconnect: {
    ...because(DISCONNECTED, "0", "its error"),
    ...because(DISCONNECTED, "0.0.0.0, port 0", "unbound, its name"),
  },
  datagram_asked: Object.assign(
    askedBefore("", "127.0.0.2", "then it asks at 127.0.0.3"),
    askedBefore("", "127.0.0.1", "one with an address of its own asks at 127.0.0.3"),
    ...["127.0.0.2", "127.1.2.3", "127.255.255.254"].flatMap((address) => [
      askedBefore("", "127.0.0.1", `0.0.0.0: IPv4 client is bound, ${address}`),
      askedBefore("::ffff:", "127.0.0.1", `::: IPv4 client is bound, ${address}`),
    ]),
  ),
  datagram_refused: because(
    "After a send to nobody on a connected socket, `read`, `readv` and `splice` say `ECONNRESET`",
    "ECONNRESET",
    "heard by read",
  ),
  datagram_siblings: {
    ...because(SOCKET_A_CLIENT, "EADDRNOTAVAIL", "a child's connect", "a parent's connect"),
    ...because(SOCKET_A_CLIENT, "EMFILE", "connect without descriptors"),
  },
  datagram_unheard: because(
    "If a server of another process is restarted and connects a socket to your connected client",
    "EAGAIN",
    "one that has come again, and connects: heard",
  ),
  datagram_sources: {
    ...because(FROM_BOTH_FAMILIES, "::1", "sendto, IPv4, a datagram waits: question from"),
    ...because(FROM_BOTH_FAMILIES, "::ffff:127.0.0.1", "sendto, IPv4, a datagram waits: early from"),
  },
  edges_control: because("`SO_TIMESTAMP` on streams returns no times", "no", "a stream tells when it received"),
  endings_epoll: because(
    "Edge-triggered events are more frequent than over TCP (when the peer reads",
    "1 0x4 with 0x7fff12345678abcd",
    ...["0x4", "0x5"].map((events) => `shut read, asked for ${events}, edge, before: first`),
  ),
  endings_full: because(
    "If the buffer is full and your program calls `shutdown(SHUT_WR)`",
    "poll 0x0, epoll 0x0",
    "open, shut write",
  ),
  endings_shutdown: because(
    "A `shutdown` after one of `SHUT_RDWR` returns 0",
    "ok",
    ...ENDS.flatMap((end) => ["SHUT_RD", "SHUT_WR", "SHUT_RDWR"].map((how) => `SHUT_RDWR, ${end}, ${how}: second`)),
  ),
  endings_splice: because("`sendfile` and `splice` raise `SIGPIPE` one call early", "1", "handled: signals then"),
  endings_stdio: because(
    "calls of libc's own streams on a socket",
    "EPIPE, 1 signals",
    ...["", ", accepted"].flatMap((end) => [
      ...STREAMS.map((way) => `closed, ${way}${end}: first`),
      `closed, fprintf and fclose${end}: closed`,
    ]),
  ),
  keeps_port: {
    ...because(FORGETS, "0.0.0.0", "accepted at 127.0.0.1: is", "accepted at 127.0.0.1: listens at"),
    ...because(FORGETS, "::", "accepted at ::1: is", "accepted at ::1: listens at"),
  },
  options_back: because(
    "`TCP_MAXSEG` of a connection stays 32,741 bytes",
    "ok",
    ...["4", "6"].map((version) => `TCP over IPv${version}, accepted: IPPROTO_TCP 2 set to what was read`),
  ),
  rare_options: {
    ...because(
      "`SO_ZEROCOPY` is `EOPNOTSUPP`",
      "set EOPNOTSUPP, get 0 in 4 bytes",
      ...["listener", "client", "accepted"].map((socket) => `${socket}: SO_ZEROCOPY`),
    ),
    ...because(MULTICAST, "set EINVAL, get 1 in 4 bytes", "accepted: IP_MULTICAST_TTL"),
  },
  same_port_twice: because(
    "Two sockets cannot be bound to one address and port at once",
    "EADDRINUSE",
    ...["127.0.0.1", "::1"].map((address) => `${address}: bind twice`),
  ),
  urgent: {
    ...because("If only an urgent byte is unread, `select`", "can be read", "alone, select (2)"),
    ...because(
      "If a second urgent byte arrives before the first one was taken",
      "1",
      "superseded first in line, read",
    ),
  },
  resets: because(
    "If the peer closes with `SO_LINGER` 0, or calls `connect(AF_UNSPEC)`, `read` returns end of file",
    "0",
    "no linger: reads",
    "disconnected: reads",
  ),
};
