/** A server that knows nothing of service managers, with sockets that one has opened for it, compared with TCP and UDP. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { differences } from "../support/differences.ts";
import { type Handed, handOver } from "../support/handing.ts";
import { buildProbe, runPlain, runTrapped, runUnderLibrary } from "../support/probe.ts";
import { need } from "../support/programs.ts";

/** The ports' files, and one that is none of its. */
const SOCKETS: Handed[] = [["datagram", "8053.dgram.sock"], ["stream", "9.sock"], ["stream", "8000.sock"]];

for (const door of ["preload", "static", "raw"] as const) {
  const trapped = door === "preload" ? "" : `, ${door}, trapped`;
  Deno.test({
    name: `sockets that a service manager has opened are as those that a server opens itself (handed${trapped})`,
    ignore: !need("cc", "python3"),
    fn: async () => {
      const binary = await buildProbe("handed", [], door);
      const [program = "", ...args] = handOver(SOCKETS, [binary]);
      const [plain, under] = await Promise.all([
        runPlain(binary),
        (trapped ? runTrapped : runUnderLibrary)(program, {}, ...args),
      ]);
      assertEquals(differences(plain.facts, under.facts), []);
      assertStrictEquals(under.traffic ?? 0, 0, "segments or datagrams went through IP");
      // The manager's are there still, with nothing beside them.
      assertEquals(under.left.toSorted(), SOCKETS.map(([, path]) => path).toSorted());
    },
  });
}
