/** Libraries that a program opens while it runs: whatever they are bound to first, their sockets are redirected. */
import { assertMatch, assertStrictEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { unsockRun } from "../support/library.ts";

const SOURCE = fromFileUrl(new URL("opened.c", import.meta.url));
const LIBRARY = "libopened.so";

/** Gives what the library said that the program opened by its name alone, which only the program's own search path finds. */
async function opened(dir: string, way: string, library: string, options: readonly string[] = []): Promise<string> {
  const program = join(dir, "program");
  const { stdout, stderr } = await run(unsockRun(join(dir, "s"), [program, way, library], [...options]));
  assertStrictEquals(stderr, "");
  return stdout;
}

function testOpened(name: string, use: (dir: string) => Promise<void>) {
  Deno.test({
    name,
    ignore: !need("cc"),
    fn: () =>
      withDir(async (dir) => {
        const warnings = ["-Wall", "-Wextra", "-Werror"];
        const library = ["-DOPENED", "-shared", "-fPIC", "-o", join(dir, LIBRARY)];
        const program = ["-Wl,--enable-new-dtags,-rpath,$ORIGIN", "-o", join(dir, "program")];
        for (const flags of [library, program]) {
          const { code, stderr } = await run(["cc", ...warnings, ...flags, SOURCE, "-ldl"]);
          assertStrictEquals(code, 0, stderr);
        }
        await use(dir);
      }),
  });
}

testOpened("a library that is opened with RTLD_DEEPBIND finds libc's functions after this library's", async (dir) => {
  for (const way of ["plain", "deepbind"]) {
    for (const engine of ["auto", "trap"]) {
      assertStrictEquals(await opened(dir, way, LIBRARY, ["--engine", engine]), "redirected\n", `${way}, ${engine}`);
    }
  }
});

testOpened("a failed dlopen is reported as without unsock", async (dir) => {
  for (const way of ["plain", "deepbind"]) assertMatch(await opened(dir, way, "none.so"), /^none\.so: cannot open/);
});

testOpened("a name space of its own (dlmopen) is reached by the trap", async (dir) => {
  assertStrictEquals(await opened(dir, "dlmopen", join(dir, LIBRARY), ["--engine", "trap"]), "redirected\n");
});
