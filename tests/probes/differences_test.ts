/** The comparison that all probes rely on, and its list of known differences. */
import { assert, assertEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { differences } from "../support/differences.ts";
import { MAY_DIFFER } from "./may_differ.ts";

const known = { "send: errno": { instead: "ENOTCONN", why: "AF_UNIX says so" } };

Deno.test("differences() finds nothing where all lines are equal, in whatever order processes printed them", () => {
  assertEquals(differences(["a: 1", "b: 2", "a: 3"], ["b: 2", "a: 1", "a: 3"]), []);
});

Deno.test("differences() names each line that differs, is missing or is too much", () => {
  assertEquals(differences(["a: 1", "b: 2", "b: 3"], ["a: 2", "b: 2", "c: 4"]), [
    "a: expected 1, got 2",
    "b (2): expected 3, got (no such line)",
    "c: expected (no such line), got 4",
  ]);
});

Deno.test("differences() takes a known difference for exactly what it is", () => {
  assertEquals(differences(["send: errno: EPIPE"], ["send: errno: ENOTCONN"], known), []);
  assertEquals(differences(["send: errno: EPIPE"], ["send: errno: EINVAL"], known), [
    "send: errno: expected ENOTCONN (TCP and UDP: EPIPE), got EINVAL",
  ]);
});

Deno.test("differences() fails for a listed difference that no longer exists", () => {
  assertEquals(differences(["send: errno: EPIPE"], ["send: errno: EPIPE"], known), [
    "send: errno: no longer differs, both print EPIPE: take it out of the list",
  ]);
  assertEquals(differences(["send: errno: ENOTCONN"], ["send: errno: ENOTCONN"], known), [
    "send: errno: no longer differs, both print ENOTCONN: take it out of the list",
  ]);
  assertEquals(differences([], [], known), ["send: errno: neither run prints it: take it out of the list"]);
});

Deno.test("the list of known differences names probes that are there, and words of docs/limits.md", () => {
  const directory = dirname(fromFileUrl(import.meta.url));
  for (const probe of Object.keys(MAY_DIFFER)) assert(Deno.statSync(join(directory, `${probe}.c`)).isFile);
  const page = Deno.readTextFileSync(join(directory, "../../docs/limits.md")).replace(/\s+/g, " ");
  const rows = Object.values(MAY_DIFFER).flatMap((lines) => Object.values(lines).map(({ why }) => why));
  assertEquals([...new Set(rows)].filter((row) => !page.includes(row)), []);
});
