/** Progress and colours are for terminals: what long work writes to a pipe or a file is free of them. */
import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path/posix";
import { barOf } from "../../scripts/progress.ts";
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
  const steps = Array.from(stdout.matchAll(/^(\d+) of \d+, \d+ s: (.*)$/gm), ([, number, what]) => [number, what]);
  assertEquals(steps[0], ["1", `the library for ${Deno.build.arch}`], stdout);
  assertEquals(steps.at(-1), [`${steps.length}`, `the program for ${Deno.build.arch}`]);
});

Deno.test("barOf() is as long as its steps are many, and never longer than its frame", () => {
  assertEquals([0, 1, 2, 3, 4].map((done) => barOf(done, 3)), [
    "[                    ]",
    "[######              ]",
    "[#############       ]",
    "[####################]",
    "[####################]",
  ]);
});

Deno.test("package names the kinds that it can make alone", async () => {
  const script = fromFileUrl(import.meta.resolve("../../scripts/package.ts"));
  const { code, stdout, stderr } = await run([Deno.execPath(), "run", "-A", script, "rpm"]);
  assertEquals([code, stdout, stderr], [1, "", "package: rpm: not one of npm, oci, deb, all\n"]);
});
