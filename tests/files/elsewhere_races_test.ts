/** Races at the path of a control file: servers that close and bind there at the same moment. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { DOORS, withPlace } from "../support/place.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { tryEveryMoment } from "./tool.ts";

const programText = programsOf(import.meta);

const SOURCES: Readonly<Record<string, readonly string[]>> = {
  files: ["directory", "target_file", "lock", "socketfile"],
  kernel: ["file_info", "socket_info", "trust"],
  memory: ["this_process"],
  rt: ["code", "libc", "lines", "mem", "sys", "text", "user"],
  rules: ["address", "errno", "ip", "kernel_name", "port_name", "words"],
};

Deno.test("a server that takes the path of one that closes or binds, at any moment, keeps it", {
  ignore: !need("cc"),
}, () =>
  withDir(async (dir) => {
    const expected = /^((close|bind), [a-z ]+: \d\d moments\n){6}$/;
    await tryEveryMoment(dir, "elsewhere_tool.c", SOURCES, ["e", "e/s"], expected);
  }));

for (const door of DOORS) {
  Deno.test(
    `${door}: servers that close and bind at one path at once: the file of the one that lives is always there`,
    {
      ignore: !need("python3"),
    },
    () =>
      withPlace(door, async ({ python, names }) => {
        assertStrictEquals(await python(programText("take_turns")), "[0, 0, 0] False\n");
        assertEquals(names(), []);
      }),
  );
}
