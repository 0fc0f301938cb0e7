/**
 * The protocol of a port's names, as a model whose every state is visited: some of the choices of what three processes
 * do. `deno task test:model` has all of them.
 */
import { assert, assertEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { need } from "../support/programs.ts";
import { buildModel, type Choice, explore, readMutants } from "./model.ts";

/** Many times what one takes alone. */
const TIMEOUT_MS = 300_000;

const CHOICES: readonly Choice[] = [
  { kinds: "ABW", kills: 2 },
  { kinds: "AAa", kills: 2 },
  { kinds: "aDa", kills: 2 },
  { kinds: "Afa", kills: 2 },
  { kinds: "ABs", kills: 2 },
  { kinds: "rAB", kills: 2 },
  { kinds: "rp-", kills: 2, client: true },
  { kinds: "AAp", kills: 2 },
  { kinds: "AB-", kills: 2, client: true },
  { kinds: "aw-", kills: 1, client: true },
];

/** Each rule, left out where that is soon found. */
const WITHOUT: readonly Choice[] = [
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
];

Deno.test(
  "the protocol's model: what must hold of a port's names does in every state, and not without any of its rules",
  {
    ignore: !need("spin", "cc"),
  },
  () =>
    withDir(async (dir) => {
      const pan = await buildModel(dir);
      for (const choice of CHOICES) {
        const { states, wrong } = await explore(pan, dir, choice, TIMEOUT_MS);
        assertEquals([choice, wrong], [choice, undefined]);
        assert(states > 10_000, `${choice.kinds}: ${states}`);
      }
      const refuted: string[] = [];
      for (const choice of WITHOUT) {
        const { wrong } = await explore(pan, dir, choice, TIMEOUT_MS);
        if (wrong?.startsWith("assertion violated")) refuted.push(choice.without ?? "");
      }
      assertEquals(refuted.sort(), [...(await readMutants()).keys()].sort());
    }),
);
