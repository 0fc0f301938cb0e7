/** tests/support/facts.ts */
import { assertEquals, assertThrows } from "@std/assert";
import { readFacts } from "../support/facts.ts";

Deno.test("readFacts() reads values by name, in any order", () => {
  assertEquals(readFacts('names=["a","b"]\nbound again=98\nheard="x=y"\nnobody=null\n'), {
    heard: "x=y",
    "bound again": 98,
    names: ["a", "b"],
    nobody: null,
  });
});

Deno.test("readFacts() refuses lines that are no facts, and repeated facts", () => {
  assertThrows(() => readFacts("ready\n"), Error, 'no fact: "ready"');
  assertThrows(() => readFacts("bound=0\nbound=98\n"), Error, 'told twice: "bound"');
});
