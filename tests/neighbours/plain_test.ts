/** Senders of datagrams that are plain Unix sockets: the ports that are invented for them are nobody else's. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { python } from "../support/python.ts";

const programText = programsOf(import.meta);

const ignore = !need("python3");

function story(what: string, program: string, output: string): void {
  Deno.test(what, { ignore }, () =>
    withDir(async (dir) => {
      assertStrictEquals(await python(program, dir), output);
      assertEquals([...Deno.readDirSync(dir)].map(({ name }) => name).filter((name) => !name.startsWith("s")), []);
    }));
}

story(
  "a port invented for a plain sender can be bound by nobody, and a server's port is not invented",
  programText("invented_port"),
  "5 False\n98 98 98 98 98 ['0', '1', '2', '3', '4'] True\n",
);

story(
  "a plain sender keeps its port whatever names others take, and gets no reply to them",
  programText("keeps_port"),
  "False True True\nyours {None}\nTrue\n",
);

story(
  "a plain sender without a name, or with one that is relative, has a port to which nothing can be sent",
  programText("without_name"),
  "0 0\n22\n",
);

story(
  "a process and its child invent no port twice, and both answer the senders from before",
  programText("child"),
  "True set() False\nTrue child\n",
);

story(
  "an answer to a plain sender whose port is no longer its own goes to nobody",
  programText("taken_over"),
  "None None\nTrue\n",
);

story(
  "ports that a killed server had invented are free again",
  programText("killed"),
  "3 []\n",
);
