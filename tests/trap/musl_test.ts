/** Probes linked statically to musl, through the trap door: another libc's own system calls. */
import { testTrapped } from "../support/probe.ts";

/** Those that musl's headers compile; the others are there by glibc's static libc (tests/probes). */
const PROBES = [
  ...["stream_addresses", "short_buffers", "threads", "epoll_sets", "errors", "ipv6", "tcp_corners", "same_port_twice"],
  ...["dup_before_bind", "poll_other_thread", "option_values", "descriptor_flags", "backlog", "epoll_before_redirect"],
];

for (const name of PROBES) {
  testTrapped(name, "a static program of musl is as over TCP and UDP", { refuses: name === "errors" }, "musl");
}
