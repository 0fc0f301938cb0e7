/** Words that the interpreter knows, from which programs are made: the more often a word is here, the more often there. */

export const PORTS = [7001, 7001, 7001, 7002] as const;
export const HOSTS4 = ["127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.2", "0.0.0.0"] as const;
export const HOSTS6 = ["[::1]", "[::1]", "[::1]", "[::]", "[::ffff:127.0.0.1]"] as const;
export const TYPES = ["tcp4", "tcp4", "tcp6", "udp4", "udp4", "udp6"] as const;
/** Kinds of sockets of which a few cannot be. */
export const KINDS = ["unix", "stream-udp", "datagram-tcp", "sequence", "untyped", "flagged", "familyless"] as const;
export const OPTIONS = [
  "error",
  "type",
  "domain",
  "protocol",
  "listens",
  "reuseaddr",
  "reuseport",
  "keepalive",
  "broadcast",
  "v6only",
  "nodelay",
  "ttl",
  "tos",
  "hops",
  "class",
  "priority",
  "keepidle",
  "linger",
  "timeout",
  "strange",
  "level",
  "user",
  "info",
  "info6",
  "credentials",
  "state",
  "sndbuf",
  "rcvbuf",
  "lowat",
  "inline",
  "maxseg",
  "recverr",
  "freebind",
  "peekoff",
] as const;
export const SETTABLE = [
  "reuseaddr",
  "reuseport",
  "keepalive",
  "broadcast",
  "v6only",
  "nodelay",
  "tos",
  "priority",
  "linger",
  "inline",
  "info",
  "info6",
] as const;
/** Options by which a datagram's addresses and other parts of its packet are received. */
export const PACKET_OPTIONS = ["info", "info6", "recvttl", "recvtos", "origdst", "recvhops", "recvclass"] as const;
/** Backlogs that listen gets. Those of one or two clients make TCP's connects hang. */
export const BACKLOGS = [8, 8, 8, 1, 0, -1, 128, 100000] as const;
/** Words for a wrong address, and for a wrong place to write one to (`arguments.c`). */
export const WRONG_ADDRESSES = ["fault", "null", "short", "empty", "long", "wide", "unix", "strange", "none"] as const;
export const WRONG_PLACES = ["fault", "nosize", "short", "empty", "negative", "null"] as const;
export const WRONG_VALUES = ["fault", "short", "empty", "negative"] as const;
/** Events for which a set has a registration, and the ways to report them (`waits.c`). */
export const REGISTERED = [
  "all,edge",
  "all,edge",
  "all,once",
  "all,once",
  "all,once,edge",
  "in",
  "in,edge",
  "in,once",
  "out,edge",
  "in,out,exclusive",
  "in,exclusive,edge",
  "none",
] as const;
/** Words after the data of a send, and after the size of a receive (`data.c`). */
export const SEND_FLAGS = [
  "+silent",
  "+nowait",
  "+record",
  "+confirm",
  "+noroute",
  "+urgent",
  "+urgent",
  "+more",
  "+ttl",
  "+rights",
] as const;
export const RECEIVE_FLAGS = [
  "peek",
  "peek",
  "all",
  "peekwait",
  "peekwait",
  "trunc",
  "peektrunc",
  "errors",
  "urgent",
  "urgent",
] as const;
export const SENDS = ["send", "send", "write", "writev", "sendmsg", "sendmmsg", "sendfile", "sendsplice"] as const;
export const RECEIVES = ["recv", "recv", "read", "readv", "recvfrom", "recvmsg", "recvmmsg", "recvsplice"] as const;
/** Requests about a descriptor (`descriptors.c`). */
export const REQUESTS = [
  "unread",
  "unread",
  "unsent",
  "mark",
  "flags",
  "interface",
  "nonblock",
  "fionbio",
  "async",
  "execs",
] as const;
