/** Asks the pure functions about a port's names and its record (`c/rules/port_name.c`, `c/rules/port_record.c`). */
import { assertEquals } from "@std/assert";
import { runHarness } from "./harness.ts";

const SOURCES = [
  "rules/address.c",
  "rules/kernel_name.c",
  "rules/port_record.c",
  "rules/port_name.c",
  "rules/ip.c",
  "rt/text.c",
  "rt/mem.c",
];

/**
 * Asks all questions in one run of the harness.
 *
 * @param how `tcp`: of streams; `udp`: of datagram sockets; `long`: in a directory whose path leaves little room.
 * @returns The answers.
 */
export async function askAll(questions: readonly string[], how: "tcp" | "udp" | "long" = "tcp"): Promise<string[]> {
  return (await runHarness("support/port_names.c", SOURCES, how, ...questions)).trimEnd().split("\n");
}

/** Asks the questions of the table, and compares the answers with those of the table. */
export async function answers(
  table: readonly (readonly [string, string])[],
  how: "tcp" | "udp" = "tcp",
): Promise<void> {
  const got = await askAll(table.map(([question]) => question), how);
  assertEquals(got.map((answer, i) => [table[i]?.[0], answer]), table.map((row) => [...row]));
}
