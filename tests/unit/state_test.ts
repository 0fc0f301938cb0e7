/** The states of a socket (`c/memory/state.c`): every transition that there is, and every one that there is not. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { runHarness } from "../support/harness.ts";
import { need } from "../support/programs.ts";

const ignore = !need("cc");

/** The states in the order of enum unsock_state, each with those that may follow it. */
const MAY_FOLLOW: Record<string, string[]> = {
  NEW: ["SPENT", "REFUSED", "BOUND", "RESERVED", "LISTENING", "CONNECTING", "CONNECTED", "NAMED", "ASKING"],
  SPENT: ["CONNECTING", "CONNECTED"],
  BOUND: ["BOUND", "LISTENING", "RESERVED", "CONNECTING", "CONNECTED", "SENT", "NOBODY"],
  REFUSED: [],
  RESERVED: ["SPENT", "BOUND", "LISTENING", "CONNECTING", "CONNECTED"],
  LISTENING: ["LISTENING", "RESERVED"],
  CONNECTING: ["CONNECTED", "SPENT"],
  CONNECTED: ["CONNECTED", "SPENT", "BOUND", "NOBODY"],
  NAMED: ["NAMED", "SENT", "CONNECTED", "NOBODY"],
  SENT: ["NAMED", "SENT", "CONNECTED", "NOBODY", "BOUND"],
  NOBODY: ["CONNECTED", "NOBODY", "BOUND"],
  ASKING: ["CONNECTING"],
};

const STATES = Object.keys(MAY_FOLLOW);

Deno.test("a socket goes from a state into those that may follow it, and into no other", { ignore }, async () => {
  const rows = (await runHarness("unit/state.c", ["memory/state.c"])).trimEnd().split("\n");
  assertStrictEquals(rows.length, STATES.length + 1);
  STATES.forEach((from, index) => {
    const row = rows[index] ?? "";
    const following = STATES.filter((_, to) => row[to] === "1");
    assertEquals(following.toSorted(), MAY_FOLLOW[from]?.toSorted(), `after ${from}`);
  });
  assertMatch(rows.at(-1) ?? "", /^0+ /, "a state that does not exist is followed by none");
});

Deno.test(
  "a socket counts as connected as soon as the program has named a peer, also before connect succeeds, and without a server",
  { ignore },
  async () => {
    const rows = (await runHarness("unit/state.c", ["memory/state.c"])).trimEnd().split("\n");
    const those = (place: number) => STATES.filter((_, index) => rows[index]?.split(" ")[1]?.[place] === "1");
    assertEquals(those(0), ["CONNECTING", "CONNECTED", "NOBODY", "ASKING"]);
    assertEquals(those(1), ["CONNECTING", "CONNECTED", "SENT", "NOBODY", "ASKING"]);
  },
);
