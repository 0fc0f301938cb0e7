/** `deno task build` without a program that it needs: one line names the package. And two builds at once. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path/posix";
import { compile, COMPILE_FLAGS, WHOLE_PROGRAM_FLAGS } from "../../scripts/build.ts";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";

const SCRIPT = fromFileUrl(import.meta.resolve("../../scripts/build.ts"));

async function failure(compiler: string): Promise<string> {
  const { code, stdout, stderr } = await run([Deno.execPath(), "run", "-A", SCRIPT], {
    env: { CC: compiler, NO_COLOR: "1" },
  });
  assertStrictEquals(code, 1, stderr);
  assertStrictEquals(stdout, "");
  return stderr;
}

Deno.test({
  name: "build without the C library's headers names their package",
  ignore: !need("gcc"),
  fn: async () => {
    // As Debian's gcc is without what it recommends: its own headers are there, errno.h is not.
    const { stdout } = await run(["gcc", "-print-file-name=include"]);
    assertStrictEquals(
      (await failure(`gcc -nostdinc -isystem ${stdout.trim()}`)).replace(/\(\S+\.h\)/, "(a header)"),
      "build: C library's headers (a header): not found: apt-get install gcc libc6-dev\n",
    );
  },
});

Deno.test("build without a compiler names its package", async () => {
  assertStrictEquals(
    await failure("no-such-cc"),
    'build: C compiler "no-such-cc": not found: apt-get install gcc libc6-dev (or set CC)\n',
  );
});

Deno.test({
  name: "a file that is compiled again has the same bytes, as another build may be linking it",
  ignore: !need("gcc"),
  fn: () =>
    withDir(async (dir) => {
      const object = join(dir, "utf8.o");
      const tools = { arch: Deno.build.arch, compiler: "gcc", flags: [], directory: dir, packages: "gcc" };
      const bytes = async () => {
        await compile(tools, [...COMPILE_FLAGS, ...WHOLE_PROGRAM_FLAGS], "c/rules/words.c", object);
        return await Deno.readFile(object);
      };
      assertEquals(await bytes(), await bytes());
    }),
});
