/**
 * The cases of ip2unix's own tests, except those about its rules: servers on several addresses in one
 * tree of processes, their files, duplicates and children. All of IPv4 and IPv6 is covered.
 */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { type Facts, readFacts } from "../support/facts.ts";
import { run } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryEnv } from "../support/library.ts";

const programText = programsOf(import.meta);

function story(what: string, program: string, facts: Facts): void {
  Deno.test(what, { ignore: !need("python3") }, () =>
    withDir(async (dir) => {
      const sockets = `${dir}/s`;
      const env = libraryEnv(sockets, { UNSOCK_ADDR: "0.0.0.0/0,::/0" });
      const { stdout, stderr } = await run(["python3", "-c", program], { env });
      assertStrictEquals(stderr, "");
      assertEquals(readFacts(stdout), facts);
      assertEquals([...Deno.readDirSync(sockets)], []);
    }));
}

story(
  "servers on addresses of both families get their own clients, also if one has closed before it listened",
  programText("both_families"),
  // The address that was asked, what was said, and that accept and getpeername agree.
  {
    "127.0.0.1": ["127.0.0.1", "hello", true],
    "5432::1": ["5432::1", "world", true],
    "1.2.3.4": ["1.2.3.4", "other", true],
    "the client ends": 0,
  },
);

story(
  "both ends of a connection report the loopback address of their family",
  programText("loopback_addresses"),
  {
    "client of 127.0.0.1": ["127.0.0.1", "127.0.0.1"],
    "client of ::1": ["::1", "::1"],
    "server at 127.0.0.1": ["127.0.0.1", "127.0.0.1"],
    "server at ::1": ["::1", "::1"],
  },
);

story(
  "port 0 is a port on that address, which a child reaches",
  programText("port_zero"),
  { "it has a port": true, "the server hears": ["1.2.3.4", "hello", true], "the client ends": 0 },
);

story(
  "datagrams are sent, answered and connected between addresses outside of the loopback, each by its own socket",
  programText("datagrams"),
  {
    "12::3": ["by sendto", "by sendmsg"],
    "12::3: by one socket": true,
    "12::4": ["by sendto", "by sendmsg"],
    "12::4: by one socket": true,
    "connected: the server hears": "connected",
    "connected: it sends": 1,
    "the client ends": 0,
  },
);

story(
  "two processes accept from one listener, and a connection's duplicate takes another one's number",
  programText("shared_listener"),
  { "the child answers": "cba", "the child ends": 0, "the parent hears": "from the copy, and from the number" },
);

story(
  "a bound client that ends removes its own file, and not the server's",
  programText("bound_client"),
  {
    "the client": ["4.3.2.1", 4321],
    "accept and getpeername agree": true,
    "its names before": [".4321@4.3.2.1", "4321.sock"],
    "its names when it has gone": [],
    "the server hears": ["1.2.3.4", "again", true],
  },
);

story(
  "a child that closes all that it has inherited takes no server's file away, on whatever address",
  programText("closes_inherited"),
  {
    "the child ends": 0,
    "the names stay": true,
    "1.2.3.4": ["1.2.3.4", "1.2.3.4", true],
    "1.2.3.5": ["1.2.3.5", "1.2.3.5", true],
  },
);

story(
  "many connections by many children are each one's own, to two servers on one port",
  programText("many_children"),
  { "children that end well": 10, "connections seen": 100 },
);
