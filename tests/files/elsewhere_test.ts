/** The socket file at a path that a control file names: it goes with its server, and nobody else's does. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { type Door, DOORS, withPlace } from "../support/place.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { until } from "../support/wait.ts";

const programText = programsOf(import.meta);

const ignore = !need("python3");

/** What a program prints that does not leave its file, and what one does that does. */
interface Story {
  story: string;
  program: string;
  prints: string;
  left?: string[];
  /** By which doors it is so. */
  by?: readonly Door[];
}

const STORIES: readonly Story[] = [
  {
    story: "a server's file goes when it closes, and comes with the next",
    program: programText("closes_and_serves_again"),
    prints: "True served\nFalse\n".repeat(3),
  },
  {
    story: "a server that never listens, and a UDP server, leave nothing",
    program: programText("never_listens"),
    prints: "True\nFalse\n".repeat(2),
  },
  {
    story: "the end of the program takes its file along",
    program: programText("program_ends"),
    prints: "True\n",
  },
  {
    story: "_exit takes a UDP server's file along",
    program: programText("exits_at_once"),
    prints: "True\n",
  },
  {
    story: "a UDP server that has answered, connected and disconnected leaves nothing",
    program: programText("connects_and_disconnects"),
    prints: "b'y' True\n".repeat(3) + "False\n",
  },
  {
    story: "of several descriptors the last one takes the file along, however it is closed",
    program: programText("several_descriptors"),
    prints: "True False\n".repeat(3),
  },
  {
    story: "a forked child that closes its copy, or ends, takes nothing away",
    program: programText("forked_child"),
    prints: "True served\n".repeat(3),
  },
  {
    story: "a parent that ends after daemonising takes nothing from the daemon, whose end does",
    program: programText("daemon"),
    prints: "True served\n",
  },
  {
    story: "a server that is closed while a thread waits in accept leaves no file once the thread is back",
    program: programText("closed_while_accepting"),
    prints: "True\n",
  },
  {
    story: "a program that ends while a thread waits in accept leaves no file",
    program: programText("ends_while_accepting"),
    prints: "True\n",
  },
  {
    story: "shutdown takes the file along, and listen brings it back",
    program: programText("shutdown_and_listen"),
    prints: "False\nTrue True served\n",
  },
  {
    story: "a server that disconnects, and so listens no more, leaves nothing",
    program: programText("disconnects"),
    prints: "False\n",
  },
  {
    story: "a program that speaks AF_UNIX and binds the control file's path leaves that, and nothing where it leads",
    program: programText("binds_control_file"),
    prints: "True\nFalse 452\n".repeat(2),
  },
  {
    story: "another server that has taken the place keeps its file, alive or not",
    program: programText("place_taken"),
    prints: "True\nTrue\n".repeat(2),
  },
  {
    story: "what is no socket and has taken the place stays",
    program: programText("no_socket"),
    prints: "mine\n",
    left: ["server"],
  },
  {
    story: "what somebody killed at a removal has left goes with the next one, a live one's file does not",
    program: programText("put_aside"),
    prints: "[]\nTrue True\n",
  },
  {
    story: "a server that is closed inside libc leaves its file, and the next bind takes its place",
    by: ["preload"],
    program: programText("closed_inside_libc"),
    prints: "True\nserved\nFalse\n",
  },
  {
    story: "of sockets that others have, 32 are looked at again",
    program: programText("many_that_others_have"),
    prints: "40\n40\n",
    left: Array.from({ length: 8 }, (_, index) => `server${3032 + index}`),
  },
  {
    story: "a program that is executed with the server leaves its file, and the next bind takes its place",
    program: programText("executed"),
    prints: "True\nserved\nFalse\n",
  },
];

for (const door of DOORS) {
  for (const { story, program, prints, left = [], by = DOORS } of STORIES) {
    if (!by.includes(door)) continue;
    Deno.test(`${door}: ${story}`, { ignore }, () =>
      withPlace(door, async ({ python, names }) => {
        assertStrictEquals(await python(program), prints);
        await until("nothing of its own is left", () => names().length <= left.length);
        assertEquals(names(), left);
      }));
  }
}
