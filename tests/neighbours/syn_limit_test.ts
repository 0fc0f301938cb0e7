/** For how long TCP tries to connect: the arithmetic behind what tests/probes/connect_full.c compares with the kernel. */
import { assertEquals } from "@std/assert";
import { runHarness } from "../support/harness.ts";
import { need } from "../support/programs.ts";

Deno.test(
  "unsock_syn_limit() counts as the kernel does, before and after its 6.5",
  { ignore: !need("cc") },
  async () => {
    // Retries, linear ones, TCP_USER_TIMEOUT; and what the kernel's documentation says, or its TCP did when it was measured.
    const cases: [number, number, number, number][] = [
      [6, 0, 0, 127_000],
      [6, 4, 0, 131_000],
      [1, 0, 0, 3_000],
      [1, 4, 0, 3_000],
      [2, 4, 0, 7_000],
      [3, 4, 0, 19_000],
      [4, 4, 0, 35_000],
      [6, 4, 500, 1_000],
      [6, 4, 1_500, 1_500],
      [6, 4, 2_500, 2_500],
      [6, 4, 4_500, 4_500],
      [6, 0, 1_500, 1_500],
      [1, 4, 2_500, 2_500],
      [127, 0, 0, 127_000 + 121 * 120_000],
    ];
    const output = await runHarness(
      "neighbours/syn_limit.c",
      ["rules/syn_limit.c"],
      ...cases.flatMap((one) => one.slice(0, 3)).map(String),
    );
    assertEquals(output.trimEnd().split("\n").map(Number), cases.map((one) => one[3]));
  },
);
