/** SO_REUSEPORT in several processes: who gets clients, and what becomes of that when one of them goes, or is killed. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { type Facts, readFacts } from "../support/facts.ts";
import { run } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryEnv } from "../support/library.ts";

const programText = programsOf(import.meta);

const ignore = !need("python3");

function story(what: string, program: string, facts: Facts, types = ["SOCK_STREAM", "SOCK_DGRAM"]): void {
  for (const type of types) {
    Deno.test(`${type}: ${what}`, { ignore }, () =>
      withDir(async (dir) => {
        const sockets = `${dir}/s`;
        const { stdout, stderr } = await run(["python3", "-c", program, type], {
          env: libraryEnv(sockets),
        });
        assertStrictEquals(stderr, "");
        assertEquals(readFacts(stdout), facts);
        assertEquals([...Deno.readDirSync(sockets)], []);
      }));
  }
}

story(
  "clients are spread over all sockets that share a datagram port, each keeps its socket, and a closed socket gets no more",
  programText("datagram_clients_spread"),
  {
    "answered by": ["one", "three", "two"],
    "one without the option binds": false,
    "when the third has closed": ["one", "two"],
    "when the second was killed": ["one"],
    "when there is another second": ["one", "two"],
    "when the first has closed": ["two"],
    "when all have gone": "nobody",
    "names left": 0,
  },
  ["SOCK_DGRAM"],
);

story(
  "with SO_REUSEADDR the newest socket gets all datagrams, also of earlier clients; after its close the older one gets them",
  programText("newest_has_datagrams"),
  // The answers to a client that asked before, and to a new one.
  {
    "the first": ["one", "one"],
    "the third": ["three", "three"],
    "one without the option binds": false,
    "when that has closed": ["two", "two"],
    "when the second was killed": ["one", "one"],
    "when there is another second, and the first has closed": ["two", "two"],
    "when all have gone": "nobody",
  },
  ["SOCK_DGRAM"],
);

story(
  "new clients are spread over all listeners, and a closed listener gets no more",
  programText("stream_clients_spread"),
  {
    "answered by": ["one", "three", "two"],
    "one without the option binds": false,
    "when the third has closed": ["one", "two"],
    "when the second was killed": ["one"],
    "when another second is bound": ["one"],
    "when that listens": ["one", "two"],
    "when the first has closed": ["two"],
    "when all have gone": "nobody",
    "names left": 0,
  },
  ["SOCK_STREAM"],
);

story(
  "one that does not listen yet takes no client away",
  programText("not_listening_yet"),
  {
    "before the second listens": ["one", "one", "one"],
    "when it listens": ["one", "two"],
    "when it has closed, and a third is bound": ["one", "one", "one"],
    "when the first has closed": "nobody",
    "when the third listens": "three",
  },
  ["SOCK_STREAM"],
);

story(
  "a killed successor's clients are the older one's, and its port is not free for others",
  programText("successor_killed"),
  {
    "when the second was killed": "one",
    "one without the option binds": false,
    "when another second was killed": "one",
    "when there is a third, and the first was killed": "three",
    "when all have gone": "nobody",
  },
);

story(
  "a wildcard socket that allows sharing gets the clients of addresses without a socket of their own",
  programText("wildcard"),
  {
    "without a wildcard": { "127.0.0.1": ["one", "two"], "127.0.0.2": "first", "127.0.0.3": "nobody" },
    "the wildcard binds": true,
    "with it": { "127.0.0.1": ["one", "two"], "127.0.0.2": "first", "127.0.0.3": "any" },
    "when the second has closed": "one",
    "when all of the address have": "nobody",
    "another address then": "first",
    "when all have gone": "nobody",
  },
);

/** A client that connects while servers take each other's place, a thousand times, reaches one of them. */
story(
  "a client that connects in between finds one of the servers",
  programText("looks_in_between"),
  { "times that nobody was there": 0 },
  ["SOCK_STREAM"],
);
