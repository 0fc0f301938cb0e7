/** tests/support/facts.ts */
import { assertEquals, assertThrows } from "@std/assert";
import { readFacts } from "../support/facts.ts";

Deno.test("readFacts() reads values by name, in whatever order they were told", () => {
  assertEquals(readFacts('names=["a","b"]\nbound again=98\nheard="x=y"\nnobody=null\n'), {
    heard: "x=y",
    "bound again": 98,
    names: ["a", "b"],
    nobody: null,
  });
});

Deno.test("readFacts() refuses what is no fact, and a fact that is told twice", () => {
  assertThrows(() => readFacts("ready\n"), Error, 'no fact: "ready"');
  assertThrows(() => readFacts("bound=0\nbound=98\n"), Error, 'told twice: "bound"');
});
