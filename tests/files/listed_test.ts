/** The end of a process whose descriptors somebody lists: a file that is open for a moment longer is not another's. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { shimEnv } from "../support/shim.ts";

const ignore = !need("python3") || !need("strace");

const BIND = `
import os, socket
listener = socket.create_server(("127.0.0.1", 2001))
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 2002))
`;

/** Runs a Python program under the library and strace, with these options. Returns the lines of the trace. */
async function traced(dir: string, program: string, ...options: string[]): Promise<string[]> {
  await Deno.mkdir(`${dir}/s`);
  const env = Object.entries(shimEnv(`${dir}/s`)).map(([name, value]) => `-E${name}=${value}`);
  const trace = ["strace", "-f", "-o", `${dir}/trace`, ...options, ...env];
  const { code, stderr } = await run([...trace, "/usr/bin/python3", "-c", program]);
  assertStrictEquals(code, 0, stderr);
  return (await Deno.readTextFile(`${dir}/trace`)).split("\n");
}

for (const [end, how] of [["", "closing its sockets"], ["os._exit(0)\n", "leaving that to the kernel"]] as const) {
  Deno.test(
    `a monitor that lists /proc/PID/fd while a program ends, ${how}, leaves no file behind`,
    { ignore },
    () =>
      withDir(async (dir) => {
        // To the first questions who is at the listener's file, and who at the receiver's, the answer is: somebody.
        const lines = await traced(dir, BIND + end, "-e", "trace=connect", "-e", "inject=connect:retval=0:when=1..6");
        assertStrictEquals(lines.filter((line) => line.includes("(INJECTED)")).length, 6, lines.join("\n"));
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
        `${BIND}child = os.fork()\nif child == 0: sys.exit()\nos.waitpid(child, 0)\n`.replace(
          "import os",
          "import os, sys",
        ),
        "-e",
        "trace=connect,nanosleep,clock_nanosleep",
      );
      assertEquals(lines.filter((line) => line.includes("nanosleep(")), []);
      assertEquals([...Deno.readDirSync(`${dir}/s`)], []);
    }),
);
