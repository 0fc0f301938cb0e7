/** Parsing the guest's console output, and comparing kernel versions. */
import { assert, assertEquals } from "@std/assert";
import { isBefore } from "../support/kernel.ts";
import { parseOutcomes } from "./machine.ts";
import { Patience } from "./patience.ts";
import { SERIES } from "./series.ts";

const CONSOLE = `[    0.5] a line of the kernel's
@ready 5.10.0-32-cloud-amd64
@run 1
backlog: 5
a line: with @counters in it
@counters
Tcp: OutSegs
Tcp: 0
@left 80.sock
@left 81.sock
@end 0
@run 0
@counters
@stderr
probe failed: bind
@end 2
@run 3
it never ended`;

Deno.test("parseOutcomes() returns the output, files and messages of each run, and nothing of one that has not ended", () => {
  const outcomes = parseOutcomes(CONSOLE.split("\n"));
  assertEquals([...outcomes.keys()], [1, 0]);
  const [first, second] = [outcomes.get(1), outcomes.get(0)];
  assertEquals(first?.lines, ["backlog: 5", "a line: with @counters in it"]);
  assertEquals([first?.counters, first?.left, first?.status], ["Tcp: OutSegs\nTcp: 0", ["80.sock", "81.sock"], 0]);
  assertEquals([second?.lines, second?.stderr, second?.status], [[], "probe failed: bind", 2]);
});

Deno.test("isBefore() compares versions of kernels by number", () => {
  assert(isBefore("5.10.0-32-cloud-amd64", "5.15"));
  assert(isBefore("5.10.0", "6.1"));
  assert(isBefore("6.1.176", "6.12"));
  assert(!isBefore("6.12.1", "6.6"));
  assert(!isBefore("5.15.0", "5.15"));
  assert(!isBefore("7.3-cloud-amd64", "6.16"));
});

Deno.test("each kernel that is named has a name of its own", () => {
  assertEquals(new Set(SERIES.map(({ name }) => name)).size, SERIES.length);
});

Deno.test("Patience ends when nothing has come for its time, however long all takes together", () => {
  let now = 0;
  const patience = new Patience(1_000, () => now);
  const at = (time: number, progress: number) => {
    now = time;
    return patience.isOver(progress);
  };
  for (let time = 0; time < 100_000; time += 999) assert(!at(time, time));
  assert(!at(100_899, 99_900));
  assert(at(100_900, 99_900));
  assert(!at(100_901, 99_901));
  assert(!at(101_900, 99_901));
  assert(at(101_901, 99_901));
});
