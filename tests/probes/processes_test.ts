/** Sockets across processes, threads and signals, and how long they live, compared with TCP and UDP. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { differences } from "../support/differences.ts";
import {
  buildProbe,
  compareRuns,
  runIsolated,
  runPlain,
  runTrapped,
  runUnderLibrary,
  testDoor,
  testProbe,
  testTrapped,
} from "../support/probe.ts";
import { withDir } from "../support/dir.ts";
import { need } from "../support/programs.ts";
import { libraryEnv, libraryFile } from "../support/library.ts";
import { MAY_DIFFER } from "./may_differ.ts";

testProbe("lifetime", "a listener lives as long as its last descriptor, in whatever order processes close it", {
  mayLeave: "a child that executes another program, or is killed, cannot remove a file",
});
testProbe("gone_at_once", "a process that has been waited for has its pipes at their end, and its locks free");
testProbe("own_addresses", "each address has its own server on a port, whoever came first, goes, or is killed");
testProbe(
  "own_addresses_udp",
  "each address has its own datagram socket on a port, and answers come from the address that the client used",
);
testProbe(
  "reuse_port_processes",
  "processes share a port by SO_REUSEPORT, and all that ask are answered by one of them",
);
testProbe("client_port", "the port of a connected client of this process is taken, as over TCP");
testProbe("same_port_twice", "the same port is shared, refused and handed on within a process as TCP and UDP do");
testProbe("threads", "threads create, connect and close while others block in accept, and nothing is mixed up");
testProbe("ends_while_serving", "a thread serves on as over TCP while the program ends");
testProbe("dup_while_connecting", "a duplicate made while another thread connects has the peer, too");
testProbe("marked_meanwhile", "an option that one thread sets while another disconnects the socket in vain stays");
testProbe("datagram_threads", "threads that share a datagram socket hear what others ask for, and send from one port");
testProbe("forked_clients", "children of one process that send at once get a port each, whichever address they ask", {
  ownNetwork: true,
});
testProbe(
  "descriptor_reuse",
  "a descriptor that took a closed one's number is left alone, and a full table is no obstacle",
);
testProbe("signals", "signals interrupt, restart, time out and cancel calls as over TCP, and handlers may make calls");
const ownFilter = "a program with a seccomp filter of its own makes its calls, and the library no others";
testProbe("own_filter", ownFilter);
testTrapped("own_filter", ownFilter, {}, "dynamic");
const ownEnd = "a program with a seccomp filter of its own closes its sockets and ends, and the library makes no calls";
const leavesFiles = { mayLeave: "to remove a file would be a call that the filter may kill for" };
testProbe("own_filter_end", ownEnd, leavesFiles);
testTrapped("own_filter_end", ownEnd, leavesFiles, "dynamic");
testDoor("cancellation", "pthread_cancel ends a thread that waits in a call, or is about to", {}, "preload");
for (const door of ["static", "dynamic"] as const) {
  testTrapped("cancellation", "pthread_cancel ends a thread that waits in a call, or is about to", {}, door);
}
testTrapped(
  "signals",
  "signals interrupt, restart, time out and cancel calls as over TCP, and handlers may make calls",
  {},
  "dynamic",
);
testProbe("signal_closes", "a socket that a handler in another thread closes in the middle of a close leaves no file");
testProbe("signal_threads", "the process's signals come to the first thread while others bind and close", {
  mayLeave: "what a handler leaves by a jump is nobody's any more",
});
testProbe("small_stacks", "every call works on the smallest thread stack, and in a handler on 8 KiB");
testProbe("small_handlers", "a handler makes calls in the middle of those of a thread with the smallest stack");

for (const door of ["static", "musl"] as const) {
  Deno.test(`a handler's calls have room where none is rewritten (small_handlers, ${door}, trapped)`, {
    ignore: !need(door === "musl" ? "musl-gcc" : "cc"),
  }, async () => {
    const binary = await buildProbe("small_handlers", [], door);
    const [plain, under] = await Promise.all([runPlain(binary), runTrapped(binary, { UNSOCK_PATCH: "0" })]);
    compareRuns(plain, under, {}, undefined);
  });
}

/** There, datagram sockets are bound under the directory's lock, too. The library asks uname(2). */
for (const name of ["signal_threads", "small_stacks", "datagram_threads", "same_port_twice"]) {
  Deno.test(`the same as on a kernel before 5.14 (${name})`, { ignore: !need("cc", "setarch") }, async () => {
    const binary = await buildProbe(name);
    const [plain, under] = await Promise.all([runPlain(binary), runUnderLibrary("setarch", {}, "--uname-2.6", binary)]);
    compareRuns(plain, under, { mayLeave: name === "signal_threads" ? "as above" : undefined }, MAY_DIFFER[name]);
  });
}

testProbe("vfork_spawn", "children by vfork and posix_spawn leave the parent's sockets alone");
testProbe("nothing_left", "nothing is left behind beside threads that fork, vfork and spawn");
testProbe("stream_data", "queue sizes, urgent data, half close, reset, sendfile and splice are as over TCP");
testProbe("backlog", "connections wait to be accepted, more than the backlog says");
testProbe("duplicates", "many duplicates of a socket are one, however many have been closed, and by whatever thread");
testProbe("dup_before_bind", "a descriptor duplicated before bind or connect is the same socket afterwards");

for (const order of ["before", "after"]) {
  Deno.test({
    name: `sockets made in another library's constructor work when that library is preloaded ${order} unsock`,
    ignore: !need("cc"),
    fn: async () => {
      const program = await buildProbe("early_constructor");
      const library = await buildProbe("early_library", ["-shared", "-fPIC"]);
      const plain = await runIsolated([program], { LD_PRELOAD: library });
      const both = order === "before" ? [library, libraryFile()] : [libraryFile(), library];
      await withDir(async (dir) => {
        const under = await runIsolated([program], libraryEnv(dir, { LD_PRELOAD: both.join(" ") }));
        assertEquals(differences(plain.facts, under.facts), []);
        assertStrictEquals(under.traffic ?? 0, 0, "segments or datagrams went through IP");
      });
    },
  });
}

Deno.test({
  name: "two processes that race for the port of a killed one: exactly one wins, and its clients reach it",
  ignore: !need("cc"),
  fn: async () => {
    const rounds = Deno.env.get("UNSOCK_TEST_ROUNDS") || "200";
    const program = await buildProbe("race_for_port");
    const plain = await runPlain(program, "20");
    // Over TCP two listens at the same moment may both fail, as each finds the other one.
    const losers = plain.facts.map((line) => /^losers told EADDRINUSE: (\d+)$/.exec(line)?.[1]).find(Boolean);
    assert(Number(losers) >= 20, plain.facts.join("\n"));
    const under = await runUnderLibrary(program, {}, rounds);
    assertEquals(under.facts, [
      `rounds: ${rounds}`,
      `rounds with one winner: ${rounds}`,
      `losers told EADDRINUSE: ${rounds}`,
      `winners reached: ${rounds}`,
      `refused afterwards: ${rounds}`,
    ]);
    assertEquals(under.left, []);
  },
});

Deno.test("a handler that sends just when its socket gets a name for the first time sends (named_meanwhile)", {
  ignore: !need("cc"),
}, async () => {
  const binary = await buildProbe("named_meanwhile");
  const [plain, under] = [await runPlain(binary), await runUnderLibrary(binary, {})];
  const came = "it came: yes";
  assert(under.facts.includes(came));
  assertEquals(under.facts, plain.facts.map((line) => line === "it came: no" ? came : line));
});
