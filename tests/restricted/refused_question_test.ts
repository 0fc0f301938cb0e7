/** A question that a filter refuses is asked once: no walk through all ports, and nothing is left that `prune` does not remove. */
import { assertEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { readFacts } from "../support/facts.ts";
import { run } from "../support/process.ts";
import { libraryEnv, libraryFile } from "../support/library.ts";
import { buildLinked, canLink } from "../support/static.ts";

const HERE = dirname(fromFileUrl(import.meta.url));
const CALLS = ["bind to any port", "bind of datagrams", "connect", "bind to a port", "sendto"];

for (const engine of ["preload", "trap"]) {
  Deno.test({
    name: `where a filter refuses readlinkat, calls say so at once beside a stale name (${engine})`,
    ignore: !canLink("dynamic"),
    fn: () =>
      withDir(async (dir) => {
        const program = await buildLinked(join(HERE, "refused_question.c"), dir, "dynamic");
        const sockets = join(dir, "s");
        Deno.mkdirSync(sockets);
        for (const kind of ["", ".dgram"]) Deno.symlinkSync(".7720@127.0.0.1", join(sockets, `7720${kind}.sock`));
        const { LD_PRELOAD: _, ...env } = libraryEnv(sockets, { UNSOCK_ENGINE: engine });
        const { stdout } = await run([libraryFile(), "run", "--", program], { env });
        assertEquals(
          readFacts(stdout),
          Object.fromEntries(CALLS.flatMap((call) => [[call, "EACCES"], [`${call} asks often`, false]])),
        );
        // At its end a program with a filter of its own removes no file (docs/limits.md): the UDP client's is stale then.
        const pruned = await run([libraryFile(), "prune", "--dir", sockets]);
        assertEquals(pruned.code, 0, pruned.stderr);
        const left = [...Deno.readDirSync(sockets)].map(({ name }) => name).filter((name) => name !== ".unsock.lock");
        // This link names no file of datagrams, so that nobody knows whose it is.
        assertEquals(left, ["7720.dgram.sock"]);
      }),
  });
}
