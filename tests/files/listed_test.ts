/** The end of a process whose descriptors somebody lists: a file that is open for a moment longer is not another's. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryEnv } from "../support/library.ts";

const programText = programsOf(import.meta);

const ignore = !need("python3") || !need("strace");

/** Runs the program under the library and strace, with these options. Returns the lines of the trace. */
async function traced(dir: string, how: string, ...options: string[]): Promise<string[]> {
  await Deno.mkdir(`${dir}/s`);
  const env = Object.entries(libraryEnv(`${dir}/s`)).map(([name, value]) => `-E${name}=${value}`);
  const trace = ["strace", "-f", "-o", `${dir}/trace`, ...options, ...env];
  const { code, stderr } = await run([...trace, "/usr/bin/python3", "-c", programText("bind"), how]);
  assertStrictEquals(code, 0, stderr);
  return (await Deno.readTextFile(`${dir}/trace`)).split("\n");
}

for (const [end, how] of [["closes", "closing its sockets"], ["leaves", "leaving that to the kernel"]] as const) {
  Deno.test(
    `a monitor that lists /proc/PID/fd while a program ends, ${how}, leaves no file behind`,
    { ignore },
    () =>
      withDir(async (dir) => {
        // To the first question who is at the listener's file, and who at the receiver's, the answer is: somebody. It is not
        // asked for longer than 10 ms, in which a slow machine may get no further than to the second one.
        const lines = await traced(dir, end, "-e", "trace=connect", "-e", "inject=connect:retval=0:when=1..2");
        assertStrictEquals(lines.filter((line) => line.includes("(INJECTED)")).length, 2, lines.join("\n"));
        assertEquals([...Deno.readDirSync(`${dir}/s`)], []);
      }),
  );
}

Deno.test(
  "a forked child that has only inherited its sockets ends without waiting for anybody",
  { ignore },
  () =>
    withDir(async (dir) => {
      const lines = await traced(
        dir,
        "forks",
        "-e",
        "trace=connect,nanosleep,clock_nanosleep",
      );
      assertEquals(lines.filter((line) => line.includes("nanosleep(")), []);
      assertEquals([...Deno.readDirSync(`${dir}/s`)], []);
    }),
);
