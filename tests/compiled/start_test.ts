/** The compiled binary works from wherever it is called, and finds a library wherever one may be. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { basename, join } from "@std/path/posix";
import { copyProgram, withDir } from "../support/dir.ts";
import { start } from "../support/process.ts";
import { libraryFile } from "../support/library.ts";
import { until } from "../support/wait.ts";
import { BINARY, BINARY_DIRECTORY, compiled, isWhole, makeHome, names, runAlone, TELL } from "./binary.ts";

Deno.test("the binary through a symbolic link, and a link to that", compiled, () =>
  withDir(async (dir) => {
    const { env, cache } = makeHome(dir);
    Deno.symlinkSync(BINARY, join(dir, "first"));
    Deno.symlinkSync("first", join(dir, "second"));
    for (const [link, cwd] of [["./second", dir], [join(dir, "first"), "/"]] as const) {
      const result = await runAlone([link, ...TELL], env, { cwd });
      assertStrictEquals(result.stderr, "");
      assertStrictEquals(result.stdout, `${join(cache, names(cache)[0] ?? "")}\n`);
    }
  }));

Deno.test("the binary from PATH, and from a relative entry of it", compiled, () =>
  withDir(async (dir) => {
    const { env } = makeHome(dir);
    const name = basename(BINARY);
    const entries = [[BINARY_DIRECTORY, "/"], [basename(BINARY_DIRECTORY), join(BINARY_DIRECTORY, "..")]] as const;
    for (const [entry, cwd] of entries) {
      const script = `exec "$0" run -- pwd`;
      const path = `${entry}:${env.PATH}`;
      const result = await runAlone(["/bin/sh", "-c", script, name], { ...env, PATH: path }, { cwd });
      assertStrictEquals(result.stdout.trim(), Deno.realPathSync(cwd), result.stderr);
    }
  }));

Deno.test("the binary without any environment", compiled, async () => {
  const result = await runAlone([BINARY, "run", "--dry-run", "--", "true"], {});
  assertStrictEquals(result.code, 0, result.stderr);
  assertMatch(result.stdout, /^LD_PRELOAD=\/\S+\.so \\$/m);
});

Deno.test(
  "the library beside the binary, or in ../lib, is taken before the one it carries",
  compiled,
  () =>
    withDir(async (dir) => {
      const { env, home } = makeHome(dir);
      for (const [place, expected] of [["prefix/bin", "prefix/bin"], ["other/lib", "other/lib"]] as const) {
        Deno.mkdirSync(join(dir, place), { recursive: true });
        Deno.copyFileSync(libraryFile(), join(dir, place, "libunsock.so"));
        const program = join(dir, place.replace("/lib", "/bin"), "unsock");
        Deno.mkdirSync(join(program, ".."), { recursive: true });
        // A hard link has no other place, as a symbolic one has; across file systems it has to be a copy.
        try {
          Deno.linkSync(BINARY, program);
        } catch {
          copyProgram(BINARY, program);
        }
        const result = await runAlone([program, ...TELL], env);
        assertStrictEquals(result.stdout, `${join(dir, expected, "libunsock.so")}\n`, result.stderr);
      }
      assertEquals(names(home), []);
    }),
);

Deno.test(
  "the binary leaves nothing but the library: no code cache, no file in TMPDIR",
  compiled,
  () =>
    withDir(async (dir) => {
      const { env, home, cache } = makeHome(dir);
      const temporary = join(dir, "tmp");
      Deno.mkdirSync(temporary);
      for (const args of [["--version"], ["--help"], ["self-test"], ["doctor"], TELL]) {
        const result = await runAlone([BINARY, ...args], { ...env, TMPDIR: temporary });
        assertStrictEquals(result.code, 0, result.stdout + result.stderr);
      }
      assertEquals(names(temporary), []);
      assertEquals(names(home), [".cache"]);
      assertEquals(names(join(home, ".cache")), ["unsock"]);
      const [library = "", ...more] = names(cache);
      assertEquals(more, []);
      assert(await isWhole(join(cache, library)));
    }),
);

Deno.test("the binary serves the list of loopbacks by HTTP", compiled, () =>
  withDir(async (dir) => {
    const { env } = makeHome(dir);
    await using front = start([BINARY, "expose", "--http", "0"], { env, clearEnv: true });
    const address = await until("it says where", () => /http:\/\/localhost:\d+\//.exec(front.output())?.[0], 60_000);
    const answer = await fetch(address.replace("localhost", "127.0.0.1"));
    assertMatch(await answer.text(), /<title>unsock<\/title>/);
  }));
