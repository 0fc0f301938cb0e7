/**
 * What ip2unix's own tests ask of such a library, where it is no matter of its rules: servers on several addresses in one
 * tree of processes, their files, duplicates and children. All of IPv4 and IPv6 is covered.
 */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { shimEnv } from "../support/shim.ts";

const programText = programsOf(import.meta);

function story(what: string, program: string, output: string): void {
  Deno.test(what, { ignore: !need("python3") }, () =>
    withDir(async (dir) => {
      const sockets = `${dir}/s`;
      const env = shimEnv(sockets, { UNSOCK_ADDR: "0.0.0.0/0,::/0" });
      const { stdout, stderr } = await run(["python3", "-c", program], { env });
      assertStrictEquals(stderr, "");
      assertStrictEquals(stdout, output);
      assertEquals([...Deno.readDirSync(sockets)], []);
    }));
}

story(
  "servers on addresses of both families, one of which has closed again before it listened, each hear their clients",
  programText("both_families"),
  "('127.0.0.1', b'hello', True) ('5432::1', b'world', True) ('1.2.3.4', b'other', True) 0\n",
);

story(
  "both ends of a connection tell the loopback address of their family",
  programText("loopback_addresses"),
  "127.0.0.1 127.0.0.1\n::1 ::1\n".repeat(2),
);

story(
  "port 0 is a port on that address, which a child reaches",
  programText("port_zero"),
  "True ('1.2.3.4', b'hello', True) 0\n",
);

story(
  "datagrams are sent, answered and connected between addresses outside of the loopback, each by its own socket",
  programText("datagrams"),
  "b'by sendto' b'by sendmsg' True\nb'by sendto' b'by sendmsg' True\nb'connected' 1 0\n",
);

story(
  "two processes accept from one listener, and a connection's duplicate takes another one's number",
  programText("shared_listener"),
  "b'cba' 0\nb'from the copy, and from the number'\n",
);

story(
  "a client that was bound and has gone takes its own file away, and not the server's",
  programText("bound_client"),
  "('4.3.2.1', 4321) True\n['.4321@4.3.2.1', '4321.sock'] []\n('1.2.3.4', b'again', True)\n",
);

story(
  "a child that closes all that it has inherited takes no server's file away, on whatever address",
  programText("closes_inherited"),
  "0 True\n('1.2.3.4', b'1.2.3.4', True)\n('1.2.3.5', b'1.2.3.5', True)\n",
);

story(
  "many connections by many children are each one's own, to two servers on one port",
  programText("many_children"),
  "10 100\n",
);
