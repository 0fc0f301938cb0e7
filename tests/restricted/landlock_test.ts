/** Landlock: what it forbids to a program's sockets of TCP, and to its files, as docs/limits.md says it. */
import { assertEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { readFacts } from "../support/facts.ts";
import { run } from "../support/process.ts";
import { libraryEnv, libraryFile } from "../support/library.ts";
import { buildLinked, canLink } from "../support/static.ts";

const SOURCE = join(dirname(fromFileUrl(import.meta.url)), "landlocked.c");
const NO_LANDLOCK = 77;
const ALL = { "connect": "ok", "bind": "ok", "bind of datagrams": "ok", "sendto": "ok" };
const NO_FILES = { ...ALL, "bind": "EACCES", "bind of datagrams": "EACCES", "sendto": "EACCES" };

const STORIES = [
  ["ports", "a program that forbids itself TCP by port binds and connects covered addresses", ALL],
  ["names", "a program that forbids itself abstract sockets goes on", ALL],
  ["files", "a program that forbids itself to make files is EACCES to bind and to send", NO_FILES],
  ["directory", "a program that may make files in the directory alone goes on", ALL],
] as const;

for (const engine of ["preload", "trap"]) {
  for (const [what, story, facts] of STORIES) {
    Deno.test({
      name: `Landlock: ${story} (${engine})`,
      ignore: !canLink("dynamic"),
      fn: () =>
        withDir(async (dir) => {
          const program = await buildLinked(SOURCE, dir, "dynamic");
          const sockets = join(dir, "s");
          Deno.mkdirSync(sockets);
          const { LD_PRELOAD: _, ...env } = libraryEnv(sockets, { UNSOCK_ENGINE: engine });
          const words = [program, what, ...(what === "directory" ? [sockets] : [])];
          const { code, stdout } = await run([libraryFile(), "run", "--", ...words], { env });
          if (code !== NO_LANDLOCK) assertEquals(readFacts(stdout), facts);
        }),
    });
  }
}
