/** A program that the library loads in its own place inherits the same state as from the kernel. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { run, type RunResult } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { libraryEnv, libraryFile } from "../support/library.ts";
import { buildLinked, canLink, type Linking } from "../support/static.ts";
import { until } from "../support/wait.ts";

const SOURCE = join(dirname(fromFileUrl(import.meta.url)), "disposition.c");
const LINKINGS: readonly Linking[] = ["dynamic", "static"];

/** Whether the kernel opens a program before it looks at what else it is given: since 6.8. */
function opensFirst(): boolean {
  const [major = 0, minor = 0] = Deno.osRelease().split(".").map((part) => parseInt(part));
  return major > 6 || (major === 6 && minor >= 8);
}

/** The same words by the library and without it, for each engine that loads such a program. */
async function everyWay(dir: string, words: readonly string[], limit = "ulimit -c 0"): Promise<RunResult[]> {
  const script = ["sh", "-c", `${limit}; "$@"`, "sh"];
  const { LD_PRELOAD: _, ...settings } = libraryEnv(dir);
  const by = (engine: string) =>
    run([...script, libraryFile(), "run", "--engine", engine, "--", ...words], { env: settings });
  return [await run([...script, ...words]), await by("auto"), await by("trap")];
}

Deno.test({
  name: "an ignored SIGSYS stays ignored over exec, and one that is not does not, trapped as without",
  ignore: !canLink("static"),
  fn: () =>
    withDir(async (dir) => {
      for (const linking of LINKINGS) {
        const asked = await buildLinked(SOURCE, dir, linking);
        for (const way of ["ignore", "default", "ignore in a child of vfork", "nothing"]) {
          for (const other of LINKINGS) {
            const words = [asked, way, await buildLinked(SOURCE, dir, other), "nothing", asked];
            const said = (await everyWay(dir, words)).map(({ stdout, stderr }) => stdout + stderr);
            const expected = way.startsWith("ignore") ? "ignored\n" : "default\n";
            assertEquals(said, [expected, expected, expected], `${way}, ${linking} ${other}`);
          }
        }
        const before = await everyWay(dir, [asked], "trap '' SYS");
        assertEquals(before.map(({ stdout }) => stdout), ["ignored\n", "ignored\n", "ignored\n"], linking);
      }
    }),
});

Deno.test({
  name: "a program that somebody has open for writing is not started: ETXTBSY, by whoever executes it",
  ignore: !canLink("static") || !opensFirst(),
  fn: () =>
    withDir(async (dir) => {
      for (const linking of LINKINGS) {
        const program = await buildLinked(SOURCE, dir, linking);
        const busy = join(dir, `busy-${linking}`);
        const script = join(dir, `script-${linking}`);
        Deno.copyFileSync(program, busy);
        Deno.writeTextFileSync(script, `#!${busy}\n`, { mode: 0o755 });
        const writer = Deno.openSync(busy, { append: true });
        for (const started of [busy, script]) {
          for (const words of [["sh", "-c", '"$1"', "sh", started], [program, "nothing", started]]) {
            const [plain, ...loaded] = await everyWay(dir, words);
            // Some kernels of 2024 let it be executed.
            assertMatch(plain?.stderr ?? "", /: Text file busy\n$|^$/);
            for (const result of loaded) assertEquals(result, plain, started);
          }
        }
        writer.close();
        // A child that another test starts has it until its exec.
        const runs = async () => (await run([program, "nothing", busy])).stdout === "default\n";
        await until("nobody has it open for writing", runs);
        for (const { stdout, stderr } of await everyWay(dir, [program, "nothing", busy])) {
          assertStrictEquals(stdout, "default\n", stderr);
        }
      }
    }),
});

Deno.test({
  name: "a stack limit of 64 KiB is enough, for a program and for the one that starts it",
  ignore: !canLink("static") || !need("env"),
  fn: () =>
    withDir(async (dir) => {
      for (const linking of LINKINGS) {
        const program = await buildLinked(SOURCE, dir, linking);
        for (const limit of ["ulimit -s 64", "ulimit -s 32"]) {
          for (const { stdout, stderr, signal } of await everyWay(dir, [program, "nothing", program], limit)) {
            assertStrictEquals(stdout, "default\n", `${limit}, ${linking}: ${signal} ${stderr}`);
          }
        }
      }
    }),
});
