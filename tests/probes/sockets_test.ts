/** Sockets of one process, seen from the program: descriptors, events, addresses, IPv6, datagrams, options, errors. */
import { testProbe } from "../support/probe.ts";

/** Before, AF_UNIX lost urgent bytes, or gave them where they were not asked for. */
const AF_UNIX_URGENT = "6.18";

testProbe("descriptor_flags", "a redirected descriptor keeps its number, flags, owner and signal");
testProbe("epoll_before_redirect", "epoll registrations made before bind or connect go on working");
testProbe("epoll_after_disconnect", "epoll registrations go on working after a socket was disconnected");
testProbe("epoll_sets", "epoll registrations outlive bind and connect, whatever set, socket and number they are of");
testProbe(
  "epoll_one_shots",
  "a one-shot that fired before bind or connect is not armed by it, but can be modified and deleted",
);
testProbe("epoll_by_ring", "epoll registrations by an io_uring, as libuv makes them, go on working");
testProbe("epoll_threads", "events of connections that have ended change nothing for those that get their numbers");
testProbe("connect_progress", "a non-blocking connect is in progress first, and its event comes by edge too");
testProbe(
  "connect_full",
  "a blocking connect to a server that does not accept waits on, until SO_SNDTIMEO or a signal ends it",
);
testProbe(
  "connect_refused",
  "a refused non-blocking connect is in progress first, and its failure is reported once",
  { refuses: true },
);
testProbe("disconnect", "a stream that connect(AF_UNSPEC) has ended has the name that the program had bound");
testProbe("error_queue", "a read of the error queue returns none of the data, by any call", {
  flags: ["-D_FORTIFY_SOURCE=2"],
});
testProbe("address_form", "an IPv6 socket that is connected to an IPv4 address stays an IPv6 one");
testProbe("no_port_left", "where no port is left, each call says so at once, and as TCP and UDP do", {
  ownNetwork: true,
});
testProbe("urgent", "an urgent byte is beside the stream: with it alone there is nothing to read", {
  since: AF_UNIX_URGENT,
});
testProbe("urgent_waits", "a thread that waits for data is not woken by an urgent byte", { since: AF_UNIX_URGENT });
testProbe("stream_addresses", "both ends of a connection agree on addresses and ports, across fork, exec and passing");
testProbe("short_buffers", "short, empty and NULL address buffers are answered as the kernel does");
testProbe("bad_pointers", "pointers into nowhere are EFAULT, and not crashes");
testProbe("tagged_pointers", "pointers with a tag are good where the kernel takes them, and EFAULT elsewhere");
testProbe("bad_memory", "memory that is not there, or read-only, is EFAULT in every call, and ends no program");
testProbe("bad_memory_messages", "messages that are not there, wholly or in part, are EFAULT, and end no program");
testProbe("bad_memory_options", "values of options that are not there are EFAULT, and end no program");
testProbe(
  "bad_memory_exec",
  "calls that execute return EFAULT for invalid paths, lists and strings, and end no program",
  { mayLeave: "the program that is executed has the sockets, and ends without knowing of them" },
);
testProbe("edges_addresses", "addresses of every length are taken and given as the kernel does, byte by byte");
testProbe("edges_control", "control data of every length are taken and given as the kernel does");
testProbe("ipv6", "IPv6 and IPv4 reach each other as the kernel lets them, each seeing its own family");
testProbe("datagram_basic", "datagrams are sent, answered, filtered, peeked at and refused as UDP does");
testProbe("datagram_successor", "a connected datagram socket goes on sending when its server is started again");
testProbe("datagram_refused", "a send to nobody from a connected datagram socket is reported by the next call");
testProbe("changed_sides", "a datagram socket that goes outside and comes back is the same to all that know it", {
  env: { UNSOCK_ADDR: "127.0.0.1,0.0.0.0,::1,::" },
  usesNetwork: "127.0.0.2 is not covered",
});
testProbe(
  "datagram_sources",
  "a datagram socket of both families sends from an address of the family that it sends to",
);
testProbe("datagram_packets", "receivers are told about each packet, and messages are cut into datagrams of one size");
testProbe(
  "datagram_batches",
  "datagrams that are sent by one call are received by one, if the receiver asked for that",
);
testProbe("datagram_asked", "a server on a wildcard is told by which address it was asked, in each call that tells it");
testProbe("datagram_sharers", "of datagram sockets on one port those get clients that get them by UDP");
testProbe("datagram_mutual", "datagram sockets that connect to each other in turn hear whom they are connected to");
testProbe(
  "datagram_unheard",
  "a connected datagram socket hears a server that has come again, and who asks from the address",
);
testProbe("datagram_late_peer", "a connected datagram socket hears its peer whenever that comes, and nobody else");
testProbe("datagram_nobody", "a datagram that cannot be sent fails where nobody is as it does where somebody is");
testProbe("datagram_turns", "blocking senders of one slow receiver wait for their turn by each call, and lose nothing");
testProbe("datagram_siblings", "a server has a datagram socket for each client beside the one that listens");
testProbe("one_datagram_port", "answers reach clients of a covered port, although their own ports are not covered", {
  env: { UNSOCK_PORT: "20053" },
});
testProbe("datagram_msg", "datagrams with sendmsg, recvmsg, sendmmsg, recvmmsg and packet information, time-outs", {
  flags: ["-D_FORTIFY_SOURCE=2"],
});
testProbe("options", "options set before or after bind and connect are read back, and accepted sockets have them");
testProbe("rare_options", "options that few programs set are answered as TCP does");
testProbe("memberships", "a bound datagram socket can leave what it has joined, and choose whom it hears");
testProbe(
  "carried_options",
  "options that few programs set are read back, by duplicates too, and accepted sockets have them",
);
testProbe(
  "options_outside",
  "options that say by which interface traffic leaves hold for a socket that was taken for local",
  {
    env: { UNSOCK_ADDR: "127.0.0.1" },
    usesNetwork: "127.0.0.2 is not covered",
  },
);
testProbe("options_back", "a program may set every option to the value that it has read");
testProbe("option_values", "options that are structures or read-only, and nonsense, are answered as TCP does");
testProbe("errors", "what fails over TCP fails with the same errno, and success leaves errno alone", { refuses: true });
testProbe("poll_other_thread", "poll, select, read and accept in other threads see what happens to the socket");
testProbe("descriptor_leak", "thousands of connections leave no descriptor, and each peer sees the close");
testProbe("tcp_corners", "listen without bind, bind before connect, AF_UNSPEC and TCP Fast Open do what TCP does");
testProbe("datagram_stuck", "a receiver that does not read holds no sender up");
testProbe("both_directions", "a socket bound to a covered address reaches one that is not, and the other way round", {
  env: { UNSOCK_ADDR: "127.0.0.1" },
  usesNetwork: "127.0.0.2 is not covered",
  mayLeave: "the programs that answer are killed, and cannot remove their files",
});
testProbe("after_many_connects", "a socket for one side of the border is whole after many for the other", {
  env: { UNSOCK_ADDR: "127.0.0.1" },
  usesNetwork: "127.0.0.2 is not covered",
});
testProbe("shared_datagrams", "a UDP socket that a child uses first is its parent's, too");
testProbe("after_many_datagrams", "a UDP socket for one side of the border is whole after many for the other", {
  env: { UNSOCK_ADDR: "127.0.0.1" },
  usesNetwork: "127.0.0.2 is not covered",
});
