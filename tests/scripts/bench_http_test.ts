/** The section of `docs/bench.md` about HTTP fronts: its numbers, and where it stands. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { formatFronts, frontsOf, type Measured, withFronts } from "../../scripts/bench/http_page.ts";

function measured(name: string, rate: number[], processorMs: number[]): Measured {
  return {
    name,
    firstAnswerMs: [1],
    megabytes: [2],
    loads: new Map([["small", { rate, late: [3, 3, 3], processorMs }]]),
  };
}

Deno.test("formatFronts() has medians, and ratios to the base round by round", () => {
  const all = [measured("a", [10, 20, 30], []), measured("base", [10, 40, 10], [1, 2, 4])];
  const rows = formatFronts(all, ["base"], 3, "a machine").split("\n").filter((line) => line.startsWith("| "));
  assertEquals(rows.slice(2, 4), [
    "| small | a | 20.0 | 1.00 |  |  | 3.00 |",
    "|  | base | 10.0 | 1.00 | 2.00 | 1.00 | 3.00 |",
  ]);
});

Deno.test("formatFronts() names the rows that miss a goal", () => {
  const front = (name: string, processorMs: number) => measured(name, [1, 1, 1], Array(3).fill(processorMs));
  const others = [front("base", 1), front("portless 1", 1.2), front("`unsock expose --http`, Deno", 1)];
  const goals = (own: number) => {
    const section = formatFronts([...others, front("`unsock expose --http`, Node", own)], ["base"], 3, "a machine");
    return section.split("\n").filter((line) => /^The goal|^`unsock` takes/.test(line));
  };
  assertEquals(goals(1), [
    "The goal, at most 1.5 times the processor time of the ten lines, is reached in every row.",
    "`unsock` takes less processor time than portless in every row.",
  ]);
  assertEquals(goals(1.8), [
    'The goal, at most 1.5 times the processor time of the ten lines, is missed in "small" on Node (1.80).',
    '`unsock` takes more processor time than portless in "small" on Node (1.50).',
  ]);
});

Deno.test("withFronts() replaces the section, or puts it before the others", () => {
  const section = formatFronts([], ["base"], 1, "a machine");
  const page = withFronts("# How fast\n\ntext\n\n## Other\n\nmore\n", section);
  assertMatch(page, /text\n\n## HTTP by name[^]*\n\n## Other\n\nmore\n$/);
  assertStrictEquals(frontsOf(page)?.trimEnd(), section.trimEnd());
  assertStrictEquals(withFronts(page, section).replaceAll(/\n+/g, "\n"), page.replaceAll(/\n+/g, "\n"));
});
