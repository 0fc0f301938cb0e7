/** A debugger sees through the trap: from the library's handler back into the program. */
import { assert, assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { run, start } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { libraryEnv, libraryFile } from "../support/library.ts";
import { buildLinked } from "../support/static.ts";
import { until } from "../support/wait.ts";

const HERE = dirname(fromFileUrl(import.meta.url));

/** The value of UNSOCK_PATCH, and whether the call then comes by a signal. */
const WAYS = Deno.build.arch === "x86_64" ? [["1", false], ["0", true]] as const : [["0", true]] as const;

for (const [patch, bySignal] of WAYS) {
  Deno.test({
    name: `gdb attaches to a static program${
      bySignal ? ", trapped," : ""
    } and shows the way from main into the library`,
    ignore: !need("gdb") || !need("cc"),
    fn: () =>
      withDir(async (dir) => {
        const program = await buildLinked(join(HERE, "waits.c"), dir, "static");
        const { LD_PRELOAD: _, ...env } = libraryEnv(join(dir, "s"), { UNSOCK_PATCH: patch });
        await using waiting = start([libraryFile(), "run", "--", program, "20990"], { env });
        await until("it listens", () => Deno.stat(join(dir, "s", "20990.sock")).then(() => true, () => false));
        const maps = await Deno.readTextFile(`/proc/${waiting.pid}/maps`);
        const base = maps.split("\n").find((line) => line.includes("libunsock.so"))?.split("-")[0];
        const commands = ["-ex", `add-symbol-file ${libraryFile()} -o 0x${base}`, "-ex", "backtrace"];
        const gdb = ["gdb", "-batch", "-nx", "-iex", "set exec-file-mismatch off", ...commands];
        const { stdout, stderr } = await run([...gdb, program, "-p", String(waiting.pid)]);
        const functions = [...stdout.matchAll(/^#\d+ .*?(?: in | {2})(\w+) \(/gm)].map((match) => match[1]);
        assertStrictEquals(functions.at(-1), "main", stdout + stderr);
        // Which of the library's functions are left is the compiler's choice: one that calls another last is not.
        assert(functions.some((name) => name?.startsWith("unsock_")), stdout + stderr);
        assert(functions.includes("waits_here"), stdout + stderr);
        assertStrictEquals(stdout.includes("<signal handler called>"), bySignal, stdout);
      }),
  });
}
