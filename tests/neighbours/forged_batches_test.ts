/** Batches of datagrams that a plain Unix program forges, for a receiver that takes batches. */
import { assertEquals } from "@std/assert";
import { buildProbe, runUnderLibrary } from "../support/probe.ts";
import { need } from "../support/programs.ts";

Deno.test(
  "a forged batch gives its receiver no byte that was not sent, and no datagram beyond its messages",
  { ignore: !need("cc") },
  async () => {
    const { facts } = await runUnderLibrary(await buildProbe("forged_batches"));
    assertEquals(facts, [
      "before any batch:  600 600",
      "four:  100 100 100 100",
      "larger than the datagram:  116",
      "of no bytes:  116",
      "more than messages:  1 1 1 1 1 1 1 1",
      // No batch, but data that look like a trailer.
      "the trailer alone:  16",
      "longer than all buffers:  1 1 1 1 1 1 1 1",
      "into smaller buffers:  50 cut",
      "into buffers of no bytes:  0 cut",
      "into memory that cannot be written:  100 100 100 100 100 100 100",
      "by recv: 100",
      "nothing: EAGAIN",
    ]);
  },
);
