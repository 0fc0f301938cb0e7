/** Senders of datagrams that are plain Unix sockets: the ports that are invented for them are nobody else's. */
import { assertEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { type Facts, readFacts } from "../support/facts.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { python } from "../support/python.ts";

const programText = programsOf(import.meta);

const ignore = !need("python3");

const EINVAL = 22;
const EADDRINUSE = 98;

function story(what: string, program: string, facts: Facts): void {
  Deno.test(what, { ignore }, () =>
    withDir(async (dir) => {
      assertEquals(readFacts(await python(program, dir)), facts);
      assertEquals([...Deno.readDirSync(dir)].map(({ name }) => name).filter((name) => !name.startsWith("s")), []);
    }));
}

story(
  "a port invented for a plain sender cannot be bound, and no server's port is invented",
  programText("invented_port"),
  {
    "ports invented": 5,
    "a server's port is": false,
    "binds of them": Array(5).fill(EADDRINUSE),
    "answers heard": ["0", "1", "2", "3", "4"],
    "they keep their ports": true,
  },
);

story(
  "a plain sender keeps its port whatever names others take, and gets no reply to them",
  programText("keeps_port"),
  {
    "another has its port": false,
    "two have one port": false,
    "it keeps its port": true,
    "it hears": "yours",
    "others hear": false,
    "each hears its own": true,
  },
);

story(
  "a plain sender without a name, or with one that is relative, has a port to which nothing can be sent",
  programText("without_name"),
  { "port without a name": 0, "port with a relative one": 0, "an answer": EINVAL },
);

story(
  "a process and its child invent no port twice, and both answer the senders from before",
  programText("child"),
  {
    "the child's answers are right": true,
    "ports invented twice": [],
    "the one from before is": false,
    "the parent's answers are right": true,
    "the sender from before hears": "child",
  },
);

story(
  "an answer to a plain sender that has lost its port is dropped",
  programText("taken_over"),
  { "the sender hears": null, "the other one hears": null, "the sender has another port": true },
);

story(
  "ports that a killed server had invented are free again",
  programText("killed"),
  { "ports left": 3, "names left": [] },
);
