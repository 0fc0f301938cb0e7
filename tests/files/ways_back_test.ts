/** An exchange that fails half-way is undone: no file is left, and nobody loses the one that he had. */
import { assertEquals } from "@std/assert";
import { buildProbe, runUnderLibrary } from "../support/probe.ts";
import { need } from "../support/programs.ts";

const ignore = !need("cc");

/** The output of a story of the probe when the kernel refuses the last step of its exchange. */
const STORIES: readonly { name: string; story: string; env?: Record<string, string>; facts: string[] }[] = [
  {
    name: "a UDP socket that cannot move from outside leaves no file behind",
    story: "moved",
    env: { UNSOCK_ADDR: "127.0.0.2" },
    facts: ["moved from outside: EBUSY"],
  },
  {
    name: "a UDP socket that cannot show itself as IPv4 keeps the file that it had",
    story: "shown",
    facts: ["shown as IPv4: still reached: yes"],
  },
  {
    name: "a UDP server that cannot make a socket for a client goes on serving it by the first one",
    story: "client",
    facts: [
      "socket per client: first: yes",
      "socket per client: connect: EBUSY",
      "socket per client: client still served: yes",
    ],
  },
];

for (const { name, story, env, facts } of STORIES) {
  Deno.test(name, { ignore }, async () => {
    const result = await runUnderLibrary(await buildProbe("ways_back"), env, story);
    assertEquals(result.facts, facts);
    assertEquals(result.left, []);
  });
}
