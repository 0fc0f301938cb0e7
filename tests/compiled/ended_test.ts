/** A signal that ends the making of packages leaves none of its files, and dist/ as it was. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { ROOT } from "../support/foreign.ts";
import { run, start } from "../support/process.ts";
import { until } from "../support/wait.ts";

function names(directory: string): string[] {
  return Array.from(Deno.readDirSync(directory), ({ name }) => name).toSorted();
}

/** Returns the arguments of a process's children. One that ends meanwhile, as short ones do, is left out. */
function commandsOf(pid: number): string[][] {
  const threads = Array.from(Deno.readDirSync(`/proc/${pid}/task`), ({ name }) => name);
  const children = threads.flatMap((thread) => readIfThere(`/proc/${pid}/task/${thread}/children`).split(" "));
  return children.filter((child) => child !== "").map((child) => readIfThere(`/proc/${child}/cmdline`).split("\0"));
}

/** Of /proc: reading from a process or thread that ends just then is ESRCH, which the runtime has no class for. */
function readIfThere(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Error && /os error [23]\b/.test(error.message)) return "";
    throw error;
  }
}

/** Lists dist/. */
async function dist(): Promise<string> {
  return (await run(["ls", "-lainR", "--full-time", join(ROOT, "dist")])).stdout;
}

/** Where a new one is put together: by other tests, too, at the same time. */
function begun(): string[] {
  return names(join(ROOT, "build")).filter((name) => name.startsWith("dist-"));
}

/** Directories of other tests are removed when they end; one left behind would stay. */
async function assertNothingLeft(before: readonly string[]): Promise<void> {
  await until("nothing that was begun is left", () => begun().every((name) => before.includes(name)), 180_000);
}

for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) {
  Deno.test(`package ended by ${signal} removes its unfinished files, leaves dist/ alone, and ends by that signal`, () =>
    withDir(async (dir) => {
      const temporary = join(dir, "tmp");
      await Deno.mkdir(temporary);
      // Opened for reading, it keeps "deno compile" waiting for somebody who writes.
      const runtime = join(dir, "denort");
      assertStrictEquals((await run(["mkfifo", runtime])).code, 0);
      const before = await dist(), others = begun();
      const command = [Deno.execPath(), "run", "-A", join(ROOT, "scripts", "package.ts")];
      await using making = start(command, { env: { DENORT_BIN: runtime, TMPDIR: temporary, NO_COLOR: "1" } });
      await until(
        "the compiler runs",
        () => commandsOf(making.pid).some((command) => command[1] === "compile"),
        60_000,
      );
      Deno.kill(making.pid, signal);
      const ended = await making.result(60_000);
      assertStrictEquals(ended.signal, signal, `${ended.code}: ${making.output()}`);
      assertEquals([names(temporary), await dist()], [[], before]);
      await assertNothingLeft(others);
    }));
}

Deno.test("package that fails leaves dist/ as it was, and nothing else", () =>
  withDir(async (dir) => {
    const before = await dist(), others = begun();
    const command = [Deno.execPath(), "run", "-A", join(ROOT, "scripts", "package.ts")];
    const { code, stderr } = await run(command, { env: { DENORT_BIN: "/bin/true", TMPDIR: dir, NO_COLOR: "1" } });
    assertStrictEquals(code, 1, stderr);
    assertEquals([names(dir), await dist()], [[], before]);
    await assertNothingLeft(others);
  }));
