/** Addresses that IP does not have: of no family. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { readFacts } from "../support/facts.ts";
import { run } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { python } from "../support/python.ts";
import { libraryEnv } from "../support/library.ts";

const programText = programsOf(import.meta);

const ignore = !need("python3");

Deno.test(
  "an address of no family is an IPv4 one to sendto: covered, or refused when the network is blocked",
  { ignore },
  () =>
    withDir(async (dir) => {
      const env = libraryEnv(dir, { UNSOCK_BLOCK_INET: "1" });
      const { stdout, stderr } = await run(["python3", "-c", programText("unspecified")], { env });
      assertStrictEquals(stderr, "");
      assertEquals(readFacts(stdout), {
        covered: ["sent", "x"],
        "covered again": ["sent", "x"],
        "not covered": "Permission denied",
      });
    }),
);

Deno.test(
  "descriptors that a plain Unix client passes along are not let in: TCP and UDP bring none",
  { ignore },
  () =>
    withDir(async (dir) => {
      assertEquals(readFacts(await python(programText("passed_descriptors"), dir)), {
        SOCK_DGRAM: ["x", []],
        SOCK_STREAM: ["x", []],
        "more descriptors": 0,
      });
    }),
);
