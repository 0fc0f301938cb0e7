/** The socket file at a path that a control file names: it goes with its server, and nobody else's does. */
import { assertEquals } from "@std/assert";
import { type Facts, readFacts } from "../support/facts.ts";
import { type Door, DOORS, withPlace } from "../support/place.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { until } from "../support/wait.ts";

const programText = programsOf(import.meta);

const ignore = !need("python3");

/** The facts that a program prints, and the files it leaves, if any. */
interface Story {
  story: string;
  program: string;
  tells: Facts;
  left?: string[];
  /** By which doors it is so. */
  by?: readonly Door[];
}

/** The same facts of each. */
function eachTime(times: readonly string[], facts: Facts): Facts {
  const all = times.flatMap((time) => Object.entries(facts).map(([name, value]) => [`${time}: ${name}`, value]));
  return Object.fromEntries(all);
}

const STORIES: readonly Story[] = [
  {
    story: "a server's file goes when it closes, and comes with the next",
    program: programText("closes_and_serves_again"),
    tells: eachTime(["first", "second", "third"], { there: true, "a client is": "served", "there when closed": false }),
  },
  {
    story: "a server that never listens, and a UDP server, leave nothing",
    program: programText("never_listens"),
    tells: eachTime(["SOCK_STREAM", "SOCK_DGRAM"], { there: true, "there when closed": false }),
  },
  {
    story: "the end of the program takes its file along",
    program: programText("program_ends"),
    tells: { there: true },
  },
  {
    story: "_exit takes a UDP server's file along",
    program: programText("exits_at_once"),
    tells: { there: true },
  },
  {
    story: "a UDP server that has answered, connected and disconnected leaves nothing",
    program: programText("connects_and_disconnects"),
    tells: {
      ...eachTime(["first", "second", "last"], { "the client hears": "y", there: true }),
      "there when closed": false,
    },
  },
  {
    story: "of several descriptors the last one takes the file along, however it is closed",
    program: programText("several_descriptors"),
    tells: eachTime(["close", "dup2", "close_range"], { "there before the last": true, there: false }),
  },
  {
    story: "a forked child that closes its copy, or ends, takes nothing away",
    program: programText("forked_child"),
    tells: eachTime(["closes and is killed", "exits", "closes all"], { there: true, "a client is": "served" }),
  },
  {
    story: "a parent that ends after daemonising takes nothing from the daemon, whose end does",
    program: programText("daemon"),
    tells: { there: true, "a client is": "served" },
  },
  {
    story: "a server that is closed while a thread waits in accept leaves its file, and the next bind takes its place",
    program: programText("closed_while_accepting"),
    tells: { "there while it waits": true, "the next one": "served", "there when closed": false },
  },
  {
    story: "a program that ends while a thread waits in accept leaves its file",
    program: programText("ends_while_accepting"),
    tells: { there: true },
    left: ["server"],
  },
  {
    story: "shutdown takes the file along, and listen brings it back",
    program: programText("shutdown_and_listen"),
    tells: {
      "there when shut down": false,
      "there when it listens": true,
      "its name is the port's": true,
      "a client is": "served",
    },
  },
  {
    story: "a server that disconnects, and so listens no more, leaves nothing",
    program: programText("disconnects"),
    tells: { there: false },
  },
  {
    story: "a program that speaks AF_UNIX and binds the control file's path leaves that, and nothing where it leads",
    program: programText("binds_control_file"),
    tells: eachTime(["first", "again"], { there: true, "there when closed": false, "size of the control file": 452 }),
  },
  {
    story: "another server that has taken the place keeps its file, alive or not",
    program: programText("place_taken"),
    tells: eachTime(["SOCK_STREAM", "SOCK_DGRAM"], {
      "another that lives is there": true,
      "another that was left is there": true,
    }),
  },
  {
    story: "a file that is no socket and has taken the place stays",
    program: programText("no_socket"),
    tells: { "what is there": "mine" },
    left: ["server"],
  },
  {
    story: "a file left by a process killed in a removal is removed by the next one, a live server's file is not",
    program: programText("put_aside"),
    tells: { names: [], "its own file is there": true, "a live one's is there": true },
  },
  {
    story: "a server that is closed inside libc leaves its file, and the next bind takes its place",
    by: ["preload"],
    program: programText("closed_inside_libc"),
    tells: { "there when closed inside libc": true, "the next one": "served", "there when closed": false },
  },
  {
    story:
      "a server that a child still has leaves its file when the child is killed, and the next bind takes its place",
    program: programText("child_killed"),
    tells: { "there when the child is killed": true, "the next one": "served", "there when closed": false },
  },
  {
    story: "a program that is executed with the server leaves its file, and the next bind takes its place",
    program: programText("executed"),
    tells: { "there after exec": true, "the next one": "served", "there when closed": false },
  },
];

for (const door of DOORS) {
  for (const { story, program, tells, left = [], by = DOORS } of STORIES) {
    if (!by.includes(door)) continue;
    Deno.test(`${door}: ${story}`, { ignore }, () =>
      withPlace(door, async ({ python, names }) => {
        assertEquals(readFacts(await python(program)), tells);
        await until("nothing of its own is left", () => names().length <= left.length);
        assertEquals(names(), left);
      }));
  }
}
