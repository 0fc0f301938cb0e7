/** Installations that are interrupted, that meet each other, or that find a record with paths outside the prefix. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import * as path from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { mayUnshare } from "../support/namespaces.ts";
import { run, type RunResult, start } from "../support/process.ts";
import { until } from "../support/wait.ts";
import { assertFails, unsock, unsockCommand } from "./unsock.ts";

const ROOT = path.join(import.meta.dirname ?? ".", "..", "..");
const RECORD = "share/unsock/installed";
const mayMount = await mayUnshare();

type Install = (...options: string[]) => Promise<RunResult>;

const install: Install = (...options) => unsock(["install", ...options], { timeoutMs: 120_000 });

/** Makes an archive of one file, and returns its installer. */
function archiveIn(dir: string): Install {
  const archive = path.join(dir, "archive");
  Deno.mkdirSync(path.join(archive, "lib"), { recursive: true });
  Deno.writeTextFileSync(path.join(archive, "lib", "libunsock.so"), "the library");
  const script = path.join(archive, "install.sh");
  Deno.copyFileSync(path.join(ROOT, "packaging", "install.sh"), script);
  return (...options) => run([script, ...options]);
}

const namesOf = (dir: string) => Array.from(Deno.readDirSync(dir), ({ name }) => name).toSorted();

Deno.test("an installation that was killed can be removed, and be installed again", () =>
  withDir(async (dir) => {
    const prefix = path.join(dir, "usr");
    for (const next of [["--uninstall"], []]) {
      await using killed = start([...unsockCommand(), "install", "--prefix", prefix]);
      await until("a record", () => Deno.lstatSync(path.join(prefix, RECORD)));
      Deno.kill(killed.pid, "SIGKILL");
      await killed.status;
      const { code, stderr } = await install(...next, "--prefix", prefix);
      assertEquals([code, stderr], [0, ""]);
      if (next.length > 0) assertEquals(namesOf(dir), []);
    }
    const { stdout } = await run(["find", prefix, "-name", "*.????????-????-*"]);
    assertStrictEquals(stdout, "", "no file is left that was not complete");
    assertStrictEquals((await install("--uninstall", "--prefix", prefix)).code, 0);
    assertEquals(namesOf(dir), []);
  }));

Deno.test(
  "an installation on a full disk fails in one line and leaves nothing",
  { ignore: !mayMount },
  () =>
    withDir(async (dir) => {
      const script =
        'mount -t tmpfs -o size=1m none "$1" && shift || exit 9; d=$1; shift; "$@"; status=$?; ls -A "$d" >&2; exit $status';
      const words = ["sh", "-c", script, "sh", dir, dir, ...unsockCommand(), "install", "--prefix", `${dir}/usr`];
      assertFails(await run(["unshare", "-Urm", ...words]), 1, /^unsock: install \S+: .*(ENOSPC|No space)/);
    }),
);

Deno.test("two installations at once both succeed, and leave the files of one", () =>
  withDir(async (dir) => {
    const prefix = path.join(dir, "usr");
    for (const { code, stderr } of await Promise.all([1, 2, 3].map(() => install("--prefix", prefix)))) {
      assertEquals([code, stderr], [0, ""]);
    }
    const { stdout } = await run(["find", prefix, "-type", "f", "-o", "-type", "l"]);
    const record = Deno.readTextFileSync(path.join(prefix, RECORD)).split("\n").filter((line) => line.startsWith("f "));
    assertEquals(
      stdout.trim().split("\n").toSorted(),
      record.map((line) => path.join(prefix, line.slice(2))).toSorted(),
    );
    assertStrictEquals((await install("--uninstall", "--prefix", prefix)).code, 0);
    assertEquals(namesOf(dir), []);
  }));

Deno.test("a record that names a path outside the prefix is refused, and nothing of it is removed", () =>
  withDir(async (dir) => {
    const prefix = path.join(dir, "usr");
    const [record, victim] = [path.join(prefix, RECORD), path.join(dir, "victim")];
    Deno.mkdirSync(path.dirname(record), { recursive: true });
    Deno.writeTextFileSync(victim, "");
    for (const line of ["f ../victim", `f ${victim}`, "f share/../../victim", "d ..", "f share/.."]) {
      Deno.writeTextFileSync(record, `f ${RECORD}\n${line}\n`);
      for (const options of [[], ["--uninstall"]]) {
        const refused = await install(...options, "--prefix", prefix);
        assertFails(
          refused,
          1,
          /^unsock: install \S+\/installed: names "[^"]+", which is outside \S+: remove that line first\n$/,
        );
        const byScript = await archiveIn(dir)(...options, "--prefix", prefix);
        assertMatch(
          byScript.stderr,
          /^install\.sh: \S+\/installed: names a path outside \S+: remove that line first\n$/,
        );
        assertStrictEquals(byScript.code, 1);
      }
    }
    assertEquals(namesOf(dir), ["archive", "usr", "victim"]);
    assertEquals(namesOf(prefix), ["share"]);
  }));
