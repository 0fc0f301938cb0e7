/** Every question about every kind of socket whose number is something else now: 1,925 processes, so it has its own file. */
import { testProbe } from "../support/probe.ts";

testProbe(
  "closed_inside",
  "a number that was closed inside libc, and is something else now, is answered by the kernel",
);
