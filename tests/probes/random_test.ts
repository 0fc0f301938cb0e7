/** Random call sequences: nobody chose what happens, and it must be the same over TCP and UDP and under the library. */
import { assert, assertEquals } from "@std/assert";
import { differences } from "../support/differences.ts";
import { buildProbe, type ProbeRun, runPlain, runUnderLibrary } from "../support/probe.ts";
import { need } from "../support/programs.ts";

const SEEDS = Number(Deno.env.get("UNSOCK_TEST_SEEDS") ?? 12);
const CALLS = "200";

/** The probes use fixed ports, so they need a network namespace of their own: root, and unshare and ip. */
const ignore = !need("cc", "unshare", "ip") || Deno.uid() !== 0;

const PROBES: readonly (readonly [string, ...string[]])[] = [
  ["random_calls"],
  ["random_calls", "exec"],
  ["random_calls", "dual"],
  ["random_datagrams"],
  ["random_datagrams", "exec"],
  ["random_datagrams", "dual"],
  ["random_epoll"],
  ["random_endings"],
];

/** Over TCP a segment may come a moment later where the machine is busy: what differs has to differ each time. */
const TRIES = 4;

/** Where a port is chosen for a second socket (about once in 30,000 times), that one gets what was meant for the first. */
const BY_CHANCE = "a port was chosen again: yes";

async function withoutChance(sequence: () => Promise<ProbeRun>): Promise<ProbeRun> {
  for (let tries = 1;; tries++) {
    const done = await sequence();
    if (tries === 5 || !done.facts.includes(BY_CHANCE)) return done;
  }
}

for (const [probe, ...modes] of PROBES) {
  Deno.test({
    name: `${SEEDS} random sequences of ${CALLS} calls end as they do without the library (${
      [probe, ...modes].join(", ")
    })`,
    ignore,
    fn: async () => {
      const binary = await buildProbe(probe);
      for (let seed = 1; seed <= SEEDS; seed++) {
        const args = [String(seed), CALLS, ...modes];
        const compare = async () => {
          const [plain, under] = await Promise.all([
            withoutChance(() => runPlain(binary, ...args)),
            withoutChance(() => runUnderLibrary(binary, {}, ...args)),
          ]);
          assert(plain.facts.length > 40, "the sequence does something");
          return differences(plain.facts, under.facts);
        };
        let found = await compare();
        for (let tries = 1; tries < TRIES && found.length > 0; tries++) found = await compare();
        assertEquals(found, [], `${probe} ${args.join(" ")}`);
      }
    },
  });
}
