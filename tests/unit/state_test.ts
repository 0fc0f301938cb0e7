/** The states of a socket (`c/memory/state.c`): what follows from the table of transitions for a program. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { runHarness } from "../support/harness.ts";
import { need } from "../support/programs.ts";

const ignore = !need("cc");
const HEADER = Deno.readTextFileSync(new URL("../../c/memory/fds.h", import.meta.url));

/** The names in the order of enum unsock_state. */
const [, LIST = ""] = HEADER.match(/^enum unsock_state \{(.*?)^\};/ms) ?? [];
const STATES = Array.from(LIST.matchAll(/^ +UNSOCK_STATE_(\w+),/gm), ([, name = ""]) => name);

/** The library's answers, a row a state, and the states that may follow each. */
async function readTable() {
  const rows = (await runHarness("unit/state.c", ["memory/state.c"])).trimEnd().split("\n");
  const next = (from: string) => STATES.filter((_, to) => rows[STATES.indexOf(from)]?.[to] === "1");
  const reach = (from: string, seen = new Set<string>()): Set<string> => {
    for (const to of next(from).filter((state) => !seen.has(state))) reach(to, seen.add(to));
    return seen;
  };
  return { rows, next, reach };
}

Deno.test("a new socket comes into every state and back into NEW never, and only a refused one is of no more use", {
  ignore,
}, async () => {
  const { rows, next, reach } = await readTable();
  assertEquals(rows.length, STATES.length + 1);
  assertMatch(rows.at(-1) ?? "", /^0+ /, "a state that does not exist is followed by none");
  assertEquals([...reach("NEW")].toSorted(), STATES.filter((state) => state !== "NEW").toSorted());
  assertEquals(STATES.filter((state) => next(state).length === 0), ["REFUSED"]);
  assertEquals(STATES.filter((state) => !reach(state).has("CONNECTED")), ["REFUSED"], "all others may still connect");
});

Deno.test("a listener connects only after a shutdown, and nothing listens that is connected or about to be", {
  ignore,
}, async () => {
  const { next } = await readTable();
  assertEquals(next("LISTENING").filter((state) => state !== "LISTENING"), ["RESERVED"]);
  const before = STATES.filter((state) => next(state).includes("LISTENING"));
  assertEquals(before.toSorted(), ["BOUND", "LISTENING", "NEW", "RESERVED"]);
});

Deno.test("a connect through a multiplexer is pending before it succeeds, and a datagram socket is never pending", {
  ignore,
}, async () => {
  const { next } = await readTable();
  assertEquals(next("ASKING"), ["CONNECTING"]);
  for (const state of ["NAMED", "SENT", "NOBODY"]) {
    assert(!next(state).some((to) => ["CONNECTING", "ASKING", "LISTENING", "RESERVED"].includes(to)), state);
  }
});

Deno.test(
  "a socket counts as connected as soon as the program has named a peer, also before connect succeeds, and without a server",
  { ignore },
  async () => {
    const { rows } = await readTable();
    const those = (place: number) => STATES.filter((_, index) => rows[index]?.split(" ")[1]?.[place] === "1");
    assertEquals(those(0), ["CONNECTING", "CONNECTED", "NOBODY", "ASKING"]);
    assertEquals(those(1), ["CONNECTING", "CONNECTED", "SENT", "NOBODY", "ASKING"]);
  },
);
