/** A program that the library loads in its own place inherits the same state as from the kernel. */
import { assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { run, type RunResult } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { libraryEnv, libraryFile } from "../support/library.ts";
import { buildLinked, canLink, type Linking } from "../support/static.ts";

const SOURCE = join(dirname(fromFileUrl(import.meta.url)), "disposition.c");
const LINKINGS: readonly Linking[] = ["dynamic", "static"];

/** The same words by the library and without it, for each engine that loads such a program. */
async function everyWay(dir: string, words: readonly string[], limit = "ulimit -c 0"): Promise<RunResult[]> {
  const script = ["sh", "-c", `${limit}; "$@"`, "sh"];
  const { LD_PRELOAD: _, ...settings } = libraryEnv(dir);
  const by = (engine: string) =>
    run([...script, libraryFile(), "run", "--engine", engine, "--", ...words], { env: settings });
  return [await run([...script, ...words]), await by("auto"), await by("trap")];
}

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
