/** A filter that a program loads by libseccomp, for the calls that it makes itself: the library makes no others on a stream. */
import { assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { python } from "../support/python.ts";

const programText = programsOf(import.meta);

Deno.test(
  "a program that forbids itself all questions about its sockets, by libseccomp, goes on",
  { ignore: !need("python3") },
  () =>
    withDir(async (dir) => {
      assertStrictEquals(
        await python(programText("filtered"), dir, "poll ppoll recvfrom recvmsg getsockopt ioctl"),
        "4\nEPIPE\nEPIPE\n",
      );
    }),
);
