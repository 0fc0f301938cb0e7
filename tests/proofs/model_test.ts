/**
 * The protocol of a port's names, as models whose every state is visited: some of the choices of what three processes
 * do. `deno task test:model` has all of them.
 */
import { assert, assertEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { need } from "../support/programs.ts";
import { buildModel, type Choice, explore, type Model, readMutants } from "./model.ts";

/** Many times what one takes alone. */
const TIMEOUT_MS = 300_000;
const STATES_LEAST = 3_000;

const CHOICES: Readonly<Record<Model, readonly Choice[]>> = {
  port: [
    { kinds: "ABW", kills: 2 },
    { kinds: "AAa", kills: 2 },
    { kinds: "aDa", kills: 2 },
    { kinds: "Afa", kills: 2 },
    { kinds: "ABs", kills: 2 },
    { kinds: "rAB", kills: 2 },
    { kinds: "lzA", kills: 2 },
    { kinds: "lzp", kills: 2 },
    { kinds: "lBz", kills: 1 },
    { kinds: "AAp", kills: 2 },
    { kinds: "rA-", kills: 1, fails: 1 },
    { kinds: "lz-", kills: 1, fails: 1 },
    { kinds: "ABs", kills: 1, fails: 1 },
    { kinds: "rp-", kills: 2, client: true },
    { kinds: "lz-", kills: 1, client: true },
    { kinds: "AB-", kills: 2, client: true },
    { kinds: "aw-", kills: 1, client: true },
    { kinds: "AB-", kills: 0, fails: 1, client: true },
  ],
  port_udp: [
    { kinds: "aa-", kills: 2 },
    { kinds: "ax-", kills: 2 },
    { kinds: "acA", kills: 2 },
    { kinds: "akW", kills: 2 },
    { kinds: "afa", kills: 1 },
    { kinds: "xas", kills: 1 },
    { kinds: "aap", kills: 0 },
    { kinds: "aPa", kills: 0 },
    { kinds: "abw", kills: 0 },
    { kinds: "aa-", kills: 1, fails: 1 },
    { kinds: "ac-", kills: 1, fails: 1 },
    { kinds: "AW-", kills: 1, fails: 1 },
    { kinds: "aa-", kills: 0, client: true },
    { kinds: "aw-", kills: 0, client: true },
    { kinds: "ax-", kills: 0, client: true },
    { kinds: "ac-", kills: 1, client: true },
    { kinds: "AW-", kills: 1, client: true },
  ],
};

/** Each rule, left out where that is soon found. */
const WITHOUT: Readonly<Record<Model, readonly Choice[]>> = {
  port: [
    { without: "CLOSE_WITHOUT_LOCK", kinds: "AB-", kills: 1 },
    { without: "BIND_WITHOUT_LOCK", kinds: "AA-", kills: 1 },
    { without: "FIRST_GOES_BEFORE_HEIR", kinds: "AB-", kills: 1 },
    { without: "RECORD_GOES_FIRST", kinds: "AB-", kills: 1 },
    { without: "HEIR_AFTER_CLOSE", kinds: "AB-", kills: 1 },
    { without: "GONE_IS_REMOVED", kinds: "ABB", kills: 1 },
    { without: "LINK_BEFORE_FILE", kinds: "AB-", kills: 1 },
    { without: "LINK_BEFORE_RECORD", kinds: "AB-", kills: 1 },
    { without: "NEWCOMER_IS_REPLACED", kinds: "ABW", kills: 1 },
    { without: "DEAD_ONE_COUNTS", kinds: "AA-", kills: 1 },
    { without: "LEFT_OVER_TWICE", kinds: "aaa", kills: 1 },
    { without: "RECORD_FORGETS", kinds: "aaa", kills: 1 },
    { without: "ONE_ROUND", kinds: "aa-", kills: 0, client: true },
    { without: "ANY_ADDRESS", kinds: "AB-", kills: 0, client: true },
    { without: "NO_SECOND_LOOK", kinds: "aa-", kills: 0, client: true },
    { without: "REMOVES_WITHOUT_ASKING", kinds: "Af-", kills: 1 },
    { without: "GONE_ONCE_IS_GONE", kinds: "AfA", kills: 0 },
    { without: "NAME_GOES_FIRST", kinds: "rA-", kills: 0 },
    { without: "LISTENS_UNASKED", kinds: "lz-", kills: 0 },
    { without: "MARK_STAYS", kinds: "lBz", kills: 0 },
    { without: "UNLOCKED_REMOVES", kinds: "AA-", kills: 0, fails: 1 },
  ],
  port_udp: [
    { without: "CLOSE_WITHOUT_LOCK", kinds: "AB-", kills: 1 },
    { without: "SHARE_WITHOUT_LOCK", kinds: "aa-", kills: 1 },
    { without: "OLD_NAME_STAYS", kinds: "aa-", kills: 0 },
    { without: "OLD_NAME_GOES_FIRST", kinds: "aa-", kills: 0 },
    { without: "ONLY_ITS_NAME_IS_LOOKED_FOR", kinds: "aa-", kills: 0 },
    { without: "FIRST_BEFORE_RECORD", kinds: "AB-", kills: 1 },
    { without: "MARK_IS_LOST", kinds: "aa-", kills: 0 },
    { without: "CONNECTED_ENDS_IT", kinds: "ax-", kills: 0, client: true },
    { without: "CLIENTS_FILE_IS_TAKEN", kinds: "cA-", kills: 0 },
    { without: "OLDEST_FIRST", kinds: "aa-", kills: 0, client: true },
    { without: "NO_WAY_BACK", kinds: "abw", kills: 0, fails: 1 },
    { without: "NAME_OF_ANOTHER", kinds: "bw-", kills: 0, client: true },
    { without: "NO_RECORD_BESIDE_CLIENT", kinds: "ca-", kills: 1 },
    { without: "HEIR_AFTER_CLOSE", kinds: "AB-", kills: 0 },
    { without: "UNLOCKED_REMOVES", kinds: "AA-", kills: 0, fails: 1 },
    { without: "FIRST_FORGETS", kinds: "aa-", kills: 1 },
  ],
};

for (const model of ["port", "port_udp"] as const) {
  Deno.test(
    `the model ${model}: what must hold of a port's names does in every state, and not without any of its rules`,
    { ignore: !need("spin", "cc") },
    () =>
      withDir(async (dir) => {
        const pan = await buildModel(dir, model);
        for (const choice of CHOICES[model]) {
          const { states, wrong } = await explore(pan, model, dir, choice, TIMEOUT_MS);
          assertEquals([choice, wrong], [choice, undefined]);
          assert(states > STATES_LEAST, `${choice.kinds}: ${states}`);
        }
        const refuted: string[] = [];
        for (const choice of WITHOUT[model]) {
          const { wrong } = await explore(pan, model, dir, choice, TIMEOUT_MS);
          if (wrong?.startsWith("assertion violated")) refuted.push(choice.without ?? "");
        }
        assertEquals(refuted.sort(), [...(await readMutants(model)).keys()].sort());
      }),
  );
}
