/** Checks the library's aarch64 code for forbidden instructions and calls. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { aarch64 } from "./target.ts";

Deno.test({
  name: "no code uses x28: in Go's programs signal handlers find there whose goroutine they interrupt",
  ignore: !need("aarch64-linux-gnu-gcc", "aarch64-libc"),
  fn: async () => {
    const { library } = await aarch64();
    const command = ["aarch64-linux-gnu-objdump", "-d", "--no-show-raw-insn", library];
    const { code, stdout, stderr } = await run(command, { timeoutMs: 60_000 });
    assertStrictEquals(code, 0, stderr);
    const lines = stdout.split("\n");
    assert(lines.some((line) => /\bx27\b/.test(line)), "its instructions are not to be seen");
    assertEquals(lines.filter((line) => /\b[xw]28\b/.test(line)), []);
  },
});
