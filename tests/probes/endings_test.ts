/**
 * How connections end: what can be written, waited for and shut down after the peer's end, each beside the kernel's
 * TCP.
 */
import { testProbe } from "../support/probe.ts";

testProbe("endings_write", "the first write after the peer's end is lost without a word, and the next one fails", {
  mayLeave: "a process that a signal ends cannot remove its files",
});
testProbe("endings_large", "much at once after the peer's end is taken in part, and what is left fails");
testProbe(
  "endings_splice",
  "sendfile and splice after the peer's end lose the same bytes of file and pipe as over TCP",
);
testProbe("endings_stdio", "libc's own streams and dprintf end as over TCP, where libc's write is known");
testProbe("endings_shutdown", "shutdown fails where TCP's does: of what is over, and nowhere else");
testProbe(
  "endings_poll",
  "poll, ppoll and select report a hang-up when both sides have shut down, and wait until then",
);
testProbe("endings_full", "a full connection that has hung up can be written to, as over TCP");
testProbe(
  "resets",
  "SO_LINGER and connect(AF_UNSPEC) end a connection for its peer, and not for processes that share the socket",
);
testProbe(
  "resets_apart",
  "a reset by another process is told to poll, epoll and writes, and the next read fails as over TCP",
  { since: "5.15" },
);
testProbe(
  "listener_shutdown",
  "shutdown of a listener ends the loops, threads and children that wait for its clients",
);
testProbe("keeps_port", "a stream that was shut down or disconnected keeps the port that the program chose");
testProbe("endings_epoll", "epoll tells of a hang-up when both sides have shut down, and waits until then");
