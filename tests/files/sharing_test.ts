/** One port and several sockets: which file they share, and who hands it on to whom. */
import { assertEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { readFacts } from "../support/facts.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { python } from "../support/python.ts";

const programText = programsOf(import.meta);

const ignore = !need("python3");

const EADDRINUSE = 98;

Deno.test("a datagram server that forks for each client binds its port again, and each child keeps its client", {
  ignore,
}, () =>
  withDir(async (dir) => {
    assertEquals(readFacts(await python(programText("a_child_for_each"), dir)), {
      "client 0 hears": "0 second",
      "client 1 hears": "1 second",
      "client 2 hears": "2 second",
    });
  }));

Deno.test(
  "a datagram server for all clients keeps its port from other processes",
  { ignore },
  () =>
    withDir(async (dir) => {
      assertEquals(readFacts(await python(programText("not_one_for_all"), dir)), {
        "another process binds": EADDRINUSE,
      });
    }),
);

Deno.test(
  "a datagram server shares its address also where another process was killed before",
  { ignore },
  () =>
    withDir(async (dir) => {
      assertEquals(readFacts(await python(programText("marks_kept"), dir)), {
        "another one beside the first after a stale client": true,
        "another one beside the first after a kill": true,
      });
    }),
);

for (const order of ["0123", "2301", "0213", "3210"]) {
  Deno.test(
    `two groups that share a port take its file with them, closed in the order ${order}`,
    { ignore },
    () =>
      withDir(async (dir) => {
        assertEquals(readFacts(await python(programText("two_families"), dir, order)), { "names left": [] });
      }),
  );
}

Deno.test(
  "a listener that made room for a successor comes back when that one gives up, as haproxy's does",
  { ignore },
  () =>
    withDir(async (dir) => {
      assertEquals(readFacts(await python(programText("resumed"), dir)), {
        "the old one accepts": true,
        names: ["2001.sock"],
        "names when it has closed": [],
      });
    }),
);

Deno.test(
  "a child that closes listeners which share a port leaves the registrations in its parent's epoll set alone",
  { ignore },
  () =>
    withDir(async (dir) => {
      assertEquals(readFacts(await python(programText("closed_by_a_child"), dir)), {
        "registrations that tell of a client": 1,
        "when all are closed": [],
        "names left": [],
      });
    }),
);
