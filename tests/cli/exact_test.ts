/** State that both `run`s, the library's (installed as `unsock`) and the command line's, pass on unlike a runtime. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { libraryFile } from "../support/library.ts";
import { isCompiled, unsockCommand } from "./unsock.ts";

const RUNS: Readonly<Record<string, string>> = {
  "libunsock.so run": libraryFile(),
  "unsock run": unsockCommand().join(" "),
};

/** A script in which `$RUN` is a `run` in a directory of its own. */
async function script(program: string, dir: string, text: string): Promise<{ code: number; out: string; err: string }> {
  const env = { PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin", RUN: `${program} run --dir ${dir}/s --`, HOME: dir };
  const { code, stdout, stderr } = await run(["sh", "-c", text], { cwd: dir, env, clearEnv: true });
  return { code, out: stdout, err: stderr };
}

for (const [name, program] of Object.entries(RUNS)) {
  const isRuntime = name === "unsock run";

  Deno.test({
    name: `${name}: arguments and variables that are not UTF-8`,
    // Before a line of ours runs, the runtime of a compiled binary ends with a panic at these, and at the next every one: docs/limits.md.
    ignore: isRuntime && isCompiled(),
    fn: () =>
      withDir(async (dir) => {
        const odd = "x=$(printf '\\377\\200 '); export ODD=$x;";
        const plain = `${odd} sh -c 'printf %s "$0|$1|$ODD"' "$x" "a$x" | od -An -tx1`;
        const { out: expected } = await script(program, dir, plain);
        const { out, err } = await script(program, dir, plain.replace("sh -c", "$RUN sh -c"));
        assertStrictEquals(out, expected, err);
        assertMatch(out, /ff 80/);
      }),
  });

  Deno.test({
    name: `${name}: a working directory that was removed`,
    ignore: isRuntime,
    fn: () =>
      withDir(async (dir) => {
        const gone = "mkdir gone; cd gone; rmdir ../gone;";
        const { code, out, err } = await script(program, dir, `${gone} $RUN sh -c 'readlink /proc/$$/cwd'`);
        assertStrictEquals(code, 0, err);
        assertMatch(out, /\/gone \(deleted\)\n$/);
      }),
  });

  Deno.test(`${name}: without HOME, without any variable`, () =>
    withDir(async (dir) => {
      const { code, out, err } = await script(
        program,
        dir,
        `exec env -i ${program} run --dir ${dir}/s -- /bin/echo it`,
      );
      assertEquals([code, out, err], [0, "it\n", ""]);
    }));
}

Deno.test("libunsock.so run: descriptors 0 to 2 that are closed stay closed", () =>
  withDir(async (dir) => {
    const list = "sh -c 'ls /proc/self/fd >told 2>/dev/null' 0<&- 1>&- 2>&-";
    const [plain, unsocked] = [`${list}; cat told`, `$RUN ${list}; cat told`];
    const { out: expected } = await script(libraryFile(), dir, plain);
    const { out, err } = await script(libraryFile(), dir, unsocked);
    assertStrictEquals(out, expected, err);
    const each = "sh -c 'for fd in 0 1 2; do [ -e /proc/$$/fd/$fd ] && echo $fd >>open; done; true' 0<&- 1>&- 2>&-";
    assertStrictEquals((await script(libraryFile(), dir, `$RUN ${each}; cat open`)).out, "", "none of the three");
  }));
