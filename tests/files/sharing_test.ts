/** One port and several sockets: which file they share, and who hands it on to whom. */
import { assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { python } from "../support/python.ts";

const programText = programsOf(import.meta);

const ignore = !need("python3");

Deno.test("a datagram server that forks for each client binds its port again, and each child keeps its client", {
  ignore,
}, () =>
  withDir(async (dir) => {
    assertStrictEquals(await python(programText("a_child_for_each"), dir), "b'2 second'\nb'1 second'\nb'0 second'\n");
  }));

Deno.test(
  "a datagram server for all clients keeps its port from other processes",
  { ignore },
  () =>
    withDir(async (dir) => {
      assertStrictEquals(await python(programText("not_one_for_all"), dir), "98\n");
    }),
);

for (const order of ["0123", "2301", "0213", "3210"]) {
  Deno.test(
    `two groups that share a port take its file with them, closed in the order ${order}`,
    { ignore },
    () =>
      withDir(async (dir) => {
        assertStrictEquals(await python(programText("two_families"), dir, order), "[]\n");
      }),
  );
}

Deno.test(
  "a listener that made room for a successor comes back when that one gives up, as haproxy's does",
  { ignore },
  () =>
    withDir(async (dir) => {
      assertStrictEquals(await python(programText("resumed"), dir), "True ['2001.sock']\n[]\n");
    }),
);

Deno.test(
  "a child that closes listeners which share a port leaves the registrations in its parent's epoll set alone",
  { ignore },
  () => withDir(async (dir) => assertStrictEquals(await python(programText("closed_by_a_child"), dir), "1\n[] []\n")),
);
