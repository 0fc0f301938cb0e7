/**
 * The lines of a probe's output that differ from TCP and UDP: the line, its text under the library, and the reason.
 * `docs/limits.md` has them for users. The list can only shrink: a line that no longer differs fails its test.
 */
import type { Differences } from "../support/differences.ts";

/** The addresses that a wildcard server sees of a client whose name was made before it asked at this address. */
function askedBefore(prefix: string, told: string) {
  return {
    instead: `${prefix === "" ? "" : `at ${prefix}${told} `}at ${told}, from ${told} to ${told}, port right`,
    why:
      "a client's name tells whom it asked first, and a bound one has its name before: another one is 70 system calls",
  };
}
const NO_ZEROCOPY = {
  instead: "set EOPNOTSUPP, get 0 in 4 bytes",
  why: "AF_UNIX cannot send without copying: programs that ask are told so and copy",
};
const MULTICAST_LEFTOVER = "a leftover of the connection's beginning in the kernel's TCP: no stream ever uses it";
const EDGE = {
  instead: "1 0x4 with 0x7fff12345678abcd",
  why: "AF_UNIX wakes who waits when the peer shuts down reading, of which TCP hears nothing: one edge more",
};
const SHUT_TWICE = {
  instead: "ok",
  why: "once this side has shut down reading, AF_UNIX does not tell whether the peer has done with writing",
};

const NO_RESET = "nothing before the read, which is not intercepted, looks for the reset: no poll and no write";

const STDIO = {
  instead: "EPIPE, 1 signals",
  why: "libc's streams call libc's own write by its address, and this libc's is not known (docs/limits.md)",
};

/** By the probe's file name without `.c`, whatever it was compiled for. */
export const MAY_DIFFER: Readonly<Record<string, Differences>> = {
  backlog: {
    "backlog 1, connected at once": {
      instead: "50 of 50",
      why: "backlogs are raised: a Unix client cannot keep trying",
    },
  },
  bad_memory_messages: {
    "recvmmsg: messages, cut": {
      instead: "ok, 0 more, left 13",
      why: "what failed after the first datagram is not told again by the socket's error: AF_UNIX has no way to set it",
    },
  },
  carried_options: {
    "IPv6 stream: IPV6_MULTICAST_IF early: accepted": { instead: "0 in 4 bytes", why: MULTICAST_LEFTOVER },
    "IPv6 stream: IPV6_MULTICAST_IF late: accepted": { instead: "0 in 4 bytes", why: MULTICAST_LEFTOVER },
  },
  connect_full: {
    "TCP_USER_TIMEOUT 500 ms": {
      instead: "goes on",
      why: "a limit of its own would cost every connect two calls: AF_UNIX has SO_SNDTIMEO alone",
    },
  },
  descriptor_reuse: Object.fromEntries(["connect", "bind", "listen", "sendto"].map((call) => [`${call}, table full`, {
    instead: "ENOBUFS",
    why: "another socket takes the place of the program's, and there is no descriptor for it",
  }])),
  disconnect: {
    "its error": { instead: "0", why: "AF_UNIX lets nobody give an error to a socket" },
    "unbound, its name": {
      instead: "0.0.0.0, port 0",
      why: "TCP shows the port that the socket had and has no more: it is anybody's by then",
    },
  },
  datagram_asked: {
    ...Object.fromEntries(["127.0.0.2", "127.1.2.3", "127.255.255.254"].flatMap((address) => [
      [`0.0.0.0: IPv4 client is bound, ${address}`, askedBefore("", "127.0.0.1")],
      [`::: IPv4 client is bound, ${address}`, askedBefore("::ffff:", "127.0.0.1")],
    ])),
    "then it asks at 127.0.0.3": askedBefore("", "127.0.0.2"),
    "one with an address of its own asks at 127.0.0.3": askedBefore("", "127.0.0.1"),
  },
  datagram_refused: {
    "heard by read": { instead: "ECONNRESET", why: "read is not intercepted, and the kernel can leave no other error" },
  },
  datagram_siblings: {
    ...Object.fromEntries(["a child's connect", "a parent's connect"].map((call) => [call, {
      instead: "EADDRNOTAVAIL",
      why: "the other process's listening socket would be connected to the client, too",
    }])),
    "connect without descriptors": { instead: "EMFILE", why: "the listener's socket is exchanged by duplicates of it" },
  },
  datagram_unheard: {
    "one that has come again, and connects: heard": {
      instead: "EAGAIN",
      why: "a socket that is connected hears who else connects to it only when it has looked, as it does when it sends",
    },
  },
  datagram_sources: {
    "sendto, IPv4, a datagram waits: question from": {
      instead: "::1",
      why: "what waits would be lost with the name by which receivers know the address",
    },
    "sendto, IPv4, a datagram waits: early from": {
      instead: "::ffff:127.0.0.1",
      why: "what comes from the port that was asked last counts as its answer",
    },
  },
  edges_control: {
    "a stream tells when it received": { instead: "no", why: "AF_UNIX has times for datagrams alone" },
  },
  endings_epoll: {
    "shut read, asked for 0x4, edge, before: first": EDGE,
    "shut read, asked for 0x5, edge, before: first": EDGE,
  },
  endings_full: {
    "open, shut write": {
      instead: "poll 0x0, epoll 0x0",
      why: "AF_UNIX says so only while its buffer has room, and wakes nobody: no call can tell those who wait already",
    },
  },
  endings_shutdown: Object.fromEntries(
    ["closed", "shut write", "shut both", "shut write, closed"].flatMap((end) =>
      ["SHUT_RD", "SHUT_WR", "SHUT_RDWR"].map((how) => [`SHUT_RDWR, ${end}, ${how}: second`, SHUT_TWICE])
    ),
  ),
  endings_splice: {
    "handled: signals then": {
      instead: "1",
      why: "the kernel cannot be told by sendfile to raise no signal; to block it would be two calls for each sendfile",
    },
  },
  endings_stdio: Object.fromEntries(
    ["", ", accepted"].flatMap((end) => [
      ...["fprintf and fflush", "fputs, unbuffered", "fprintf, by lines", "fwrite of much"].map((way) => [
        `closed, ${way}${end}: first`,
        STDIO,
      ]),
      [`closed, fprintf and fclose${end}: closed`, STDIO],
    ]),
  ),
  options_back: Object.fromEntries(["4", "6"].map((version) => [
    `TCP over IPv${version}, accepted: IPPROTO_TCP 2 set to what was read`,
    { instead: "ok", why: "TCP_MAXSEG of an accepted socket is 32,768 at first, one more than TCP lets a program set" },
  ])),
  rare_options: {
    "listener: SO_ZEROCOPY": NO_ZEROCOPY,
    "client: SO_ZEROCOPY": NO_ZEROCOPY,
    "accepted: SO_ZEROCOPY": NO_ZEROCOPY,
    "accepted: IP_MULTICAST_TTL": { instead: "set EINVAL, get 1 in 4 bytes", why: MULTICAST_LEFTOVER },
  },
  urgent: {
    "alone, select (2)": {
      instead: "can be read",
      why: "select is not intercepted, and AF_UNIX has the byte in its queue",
    },
    "superseded first in line, read": {
      instead: "1",
      why: "AF_UNIX makes it a byte of the stream, as TCP does with one that others are before",
    },
  },
  resets: {
    "no linger: reads": { instead: "0", why: NO_RESET },
    "disconnected: reads": { instead: "0", why: NO_RESET },
  },
};
