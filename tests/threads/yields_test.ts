/**
 * Runs probes with several threads, or with signals, under a library that gives the processor away at random moments:
 * before atomic operations. So threads meet at moments at which they hardly ever meet otherwise.
 */
import { fromFileUrl, join } from "@std/path/posix";
import { build } from "../../scripts/build.ts";
import { passage } from "../support/doors.ts";
import { buildProbe, compareRuns, runPlain, runUnderLibrary } from "../support/probe.ts";
import { need } from "../support/programs.ts";

const ROOT = fromFileUrl(import.meta.resolve("../.."));

const PROBES = [
  "cancellation",
  "datagram_threads",
  "dup_while_connecting",
  "ends_while_serving",
  "epoll_threads",
  "gone_at_once",
  "marked_meanwhile",
  "poll_other_thread",
  "signal_closes",
  "signal_threads",
  "signals",
  "threads",
  "urgent_waits",
];

for (const name of PROBES) {
  Deno.test({
    name: `threads that give each other their turn at any moment do as over TCP and UDP (${name})`,
    ignore: !need("cc") || Deno.build.arch !== "x86_64",
    fn: async () => {
      const [library = ""] = (await build(["--yields"])).filter((path) => path.includes("yields"));
      const binary = await buildProbe(name);
      const env = { LD_PRELOAD: join(ROOT, library) };
      const [plain, under] = await Promise.all([runPlain(binary), runUnderLibrary(binary, env)]);
      // Its signals end threads in the midst of a bind (tests/probes/processes_test.ts).
      const mayLeave = name === "signal_threads" ? "as there" : undefined;
      compareRuns(plain, under, { mayLeave }, passage(name, "preload")?.known);
    },
  });
}
