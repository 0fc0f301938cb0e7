/** SO_REUSEPORT in several processes: who gets clients, and what becomes of that when one of them goes, or is killed. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { shimEnv } from "../support/shim.ts";

const programText = programsOf(import.meta);

const ignore = !need("python3");

function story(what: string, program: string, output: string, types = ["SOCK_STREAM", "SOCK_DGRAM"]): void {
  for (const type of types) {
    Deno.test(`${type}: ${what}`, { ignore }, () =>
      withDir(async (dir) => {
        const sockets = `${dir}/s`;
        const { stdout, stderr } = await run(["python3", "-c", program, type], {
          env: shimEnv(sockets),
        });
        assertStrictEquals(stderr, "");
        assertStrictEquals(stdout, output);
        assertEquals([...Deno.readDirSync(sockets)], []);
      }));
  }
}

story(
  "clients are spread over all that share a datagram port, each goes on to the same one, and who goes gets no more",
  programText("datagram_clients_spread"),
  "['one', 'three', 'two'] False\n['one', 'two']\n['one']\n['one', 'two']\n['two']\nnobody 0\n",
  ["SOCK_DGRAM"],
);

story(
  "with SO_REUSEADDR the newest has all datagrams, also of those who asked before, and the older one when that goes",
  programText("newest_has_datagrams"),
  "one one\nthree three False\ntwo two\none one\ntwo two\nnobody\n",
  ["SOCK_DGRAM"],
);

story(
  "new clients are spread over all that listen, and who goes gets no more",
  programText("stream_clients_spread"),
  "['one', 'three', 'two'] False\n['one', 'two']\n['one']\n['one']\n['one', 'two']\n['two']\nnobody 0\n",
  ["SOCK_STREAM"],
);

story(
  "one that does not listen yet takes no client away",
  programText("not_listening_yet"),
  "one one one\n['one', 'two']\none one one\nnobody\nthree\n",
  ["SOCK_STREAM"],
);

story(
  "a killed successor's clients are the older one's, and its port is not free for others",
  programText("successor_killed"),
  "one\nFalse one\nthree\nnobody\n",
);

story(
  "a wildcard that lets it has the clients whose address nobody has",
  programText("wildcard"),
  "first ['one', 'two'] nobody\nTrue first ['one', 'two'] any\none\nfirst nobody\nnobody\n",
);

/** Whoever connects while servers take each other's place, a thousand times, finds one of them. */
story(
  "whoever looks in between finds one of them",
  programText("looks_in_between"),
  "b'0'\n",
  ["SOCK_STREAM"],
);
