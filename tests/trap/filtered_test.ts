/** Where there is a seccomp filter already, as in containers and services: the library's goes on top, or it says why not. */
import { assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { libraryEnv, libraryFile } from "../support/library.ts";
import { buildLinked, canLink, type Linking } from "../support/static.ts";

const HERE = dirname(fromFileUrl(import.meta.url));

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

function testFiltered(name: string, kind: string, linking: Linking, check: (outcome: Outcome, child: string) => void) {
  Deno.test({
    name,
    ignore: !canLink(linking) || !canLink("dynamic"),
    fn: () =>
      withDir(async (dir) => {
        const filtered = await buildLinked(join(HERE, "filtered.c"), dir, "dynamic");
        const child = await buildLinked(join(HERE, "child.c"), dir, linking);
        const sockets = join(dir, "s");
        await Deno.mkdir(sockets);
        const { LD_PRELOAD: _, ...env } = libraryEnv(sockets, { UNSOCK_ENGINE: "trap" });
        const command = [filtered, kind, libraryFile(), "run", "--", child, sockets, "20998", "x"];
        check(await run(command, { env }), child);
      }),
  });
}

for (const linking of ["static", "musl", "dynamic"] as const) {
  testFiltered(
    `a ${linking} program below a service's list of allowed calls is trapped on top of it`,
    "service",
    linking,
    (outcome) => {
      assertStrictEquals(outcome.stdout, "redirected 1 0 x\n", JSON.stringify(outcome));
    },
  );
}

for (const linking of ["static", "dynamic"] as const) {
  testFiltered(
    `a ${linking} program below a filter of others is trapped on top of it`,
    "harmless",
    linking,
    (outcome) => {
      assertStrictEquals(outcome.stdout, "redirected 1 0 x\n", outcome.stderr);
    },
  );

  testFiltered(
    `where no filter may be added, a ${linking} program is not started`,
    "closed",
    linking,
    (outcome, child) => {
      assertStrictEquals(outcome.stdout, "");
      assertStrictEquals(outcome.code, 125);
      const why = "this system does not let its system calls be trapped (seccomp)";
      assertStrictEquals(outcome.stderr, `unsock: "${child}": ${why}\n`);
    },
  );
}

testFiltered(
  "calls that another filter forbids are forbidden to trapped programs, too",
  "listen",
  "static",
  (outcome) => {
    assertStrictEquals(outcome.stderr, "child: Operation not permitted\n");
  },
);
