/** Sockets of one process, seen from the program: descriptors, events, addresses, IPv6, datagrams, options, errors. */
import { testProbe } from "./support/probe.ts";

testProbe("descriptor_flags", "a redirected descriptor keeps its number, flags, owner and signal");
testProbe("epoll_before_redirect", "epoll registrations made before bind or connect go on working");
testProbe("stream_addresses", "both ends of a connection agree on addresses and ports, across fork, exec and passing");
testProbe("short_buffers", "short, empty and NULL address buffers are answered as the kernel does");
testProbe("ipv6", "IPv6 and IPv4 reach each other as the kernel lets them, each seeing its own family");
testProbe("datagram_basic", "datagrams are sent, answered, filtered, peeked at and refused as UDP does");
