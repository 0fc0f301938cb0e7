/** Python's asyncio on uvloop: libuv's event loop, which registers descriptors by an io_uring where it finds a new one. */
import { assertStrictEquals } from "@std/assert";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { withRig } from "./rig.ts";

const programText = programsOf(import.meta);

Deno.test("uvloop's datagram endpoints hear the answers to what they ask", { ignore: !need("uvloop") }, async () => {
  await withRig(async (rig) => {
    for (const cli of [false, true]) {
      const { stdout } = await rig.client(["/usr/bin/python3", "-c", programText("endpoints")], { cli });
      assertStrictEquals(stdout, "b'ASKED' ('127.0.0.1', 17451)\nb'ASKED' ('::1', 17451)\n");
    }
  });
});
