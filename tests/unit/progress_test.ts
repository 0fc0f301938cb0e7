/** Progress and colours are for terminals: what long work writes to a pipe or a file is free of them. */
import { assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path/posix";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";

const PROGRESS = fromFileUrl(import.meta.resolve("../../scripts/progress.ts"));

const PROGRAM = `import { endProgress, mayColour, showProgress } from "${PROGRESS}";
showProgress("half");
endProgress();
console.log(String(mayColour()));`;

/** Runs the program, on a terminal or in a pipe. */
async function output(terminal: boolean, env: Record<string, string> = {}): Promise<string[]> {
  const command = [Deno.execPath(), "eval", PROGRAM];
  const pty = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
  const { NO_COLOR: _, ...rest } = Deno.env.toObject();
  const options = { env: { ...rest, ...env }, clearEnv: true };
  const result = await run(terminal ? ["python3", "-c", pty, ...command] : command, options);
  return [result.stdout, result.stderr];
}

Deno.test({
  name: "showProgress() and mayColour() know a terminal from a pipe, and NO_COLOR",
  ignore: !need("python3"),
  fn: async () => {
    assertEquals(await output(false), ["false\n", ""]);
    const erase = "\r\x1b[K";
    // A terminal shows standard error and output in one.
    assertEquals(await output(true), [`${erase}half${erase}true\r\n`, ""]);
    assertEquals(await output(true, { NO_COLOR: "1" }), [`${erase}half${erase}false\r\n`, ""]);
  },
});

Deno.test("long work prints each of its steps, with the seconds so far, in a pipe, too", async () => {
  const script = fromFileUrl(import.meta.resolve("../../scripts/compile.ts"));
  const { code, stdout } = await run([Deno.execPath(), "run", "-A", script], {
    env: { DENORT_BIN: "/nonexistent/denort", NO_COLOR: "1" },
  });
  assertEquals(code, 1);
  assertMatch(
    stdout,
    new RegExp(`^\\d+ s: the library for ${Deno.build.arch}\n\\d+ s: the program for ${Deno.build.arch}\n$`),
  );
});
