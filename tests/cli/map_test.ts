/** How long a control file of `run --map` is there: as long as a command that was started with it. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import * as path from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { unsockForEverybody } from "../support/everybody.ts";
import { run, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";
import { asUser, SERVER, whyNoOtherUser } from "../support/users.ts";
import { until } from "../support/wait.ts";
import { assertFails, shell, unsock, unsockCommand } from "./unsock.ts";

const programText = programsOf(import.meta);
const names = (dir: string) => Array.from(Deno.readDirSync(dir), ({ name }) => name).toSorted();
const isGone = (file: string) => () => Deno.lstat(file).then(() => false, () => true);
const mapped = (
  dir: string,
  map: string,
  ...command: string[]
) => ["run", "--dir", dir, "--map", map, "--", ...command];

for (const program of [unsockCommand(), [libraryFile()]]) {
  const form = program.length > 1 ? "unsock run" : "libunsock.so run";
  Deno.test(`${form} --map: the control file is removed with the command, which is the caller's own child`, () =>
    withDir(async (dir) => {
      const children = 'cat "/proc/$$/task/$$/children"; echo; echo "$$ $PPID"; ls "$UNSOCK_DIR"; exec sleep 1000';
      await using unsocked = start([...program, ...mapped(dir, "80=/x", "sh", "-c", children)]);
      await until("the command is there", () => unsocked.output().includes("80.sock\n"));
      const [own, ids] = unsocked.output().split("\n");
      assertMatch(own ?? "", /^\d+ ?$/, "cat alone");
      assertStrictEquals(ids, `${unsocked.pid} ${Deno.pid}`);
      assertEquals(names(dir), ["80.sock"]);
      Deno.kill(unsocked.pid, "SIGKILL");
      assertStrictEquals((await unsocked.result(60_000)).signal, "SIGKILL");
      await until("it is gone", isGone(`${dir}/80.sock`));
    }));
}

Deno.test("run --map --keep: it stays, also one that another run would have taken along", () =>
  withDir(async (dir) => {
    await using first = start([...unsockCommand(), ...mapped(dir, "80=/x", "sleep", "1000")]);
    await until("it is there", () => Deno.lstat(`${dir}/80.sock`).then(() => true, () => false));
    const kept = ["run", "--dir", dir, "--keep", "--map", "80=/x", "--map", "81=/y", "true"];
    assertStrictEquals((await unsock(kept)).code, 0);
    Deno.kill(first.pid, "SIGKILL");
    await first.status;
    assertStrictEquals((await unsock(mapped(dir, "80=/x", "true"))).code, 0);
    assertEquals((await unsock(["prune", "--dir", dir])).stdout, "");
    assertEquals(names(dir), ["80.sock", "81.sock"]);
  }));

Deno.test("run --map: of two runs with the same map the last one takes it along; one of make-control stays", () =>
  withDir(async (dir) => {
    assertStrictEquals((await unsock(["make-control", `${dir}/81.sock`, "--unix", "/y"])).code, 0);
    const words = ["run", "--dir", dir, "--map", "80=/x", "--map", "81=/y", "--", "sh", "-c", "echo; exec sleep 1000"];
    await using first = start([libraryFile(), ...words]);
    await using second = start([libraryFile(), ...words]);
    for (const one of [first, second]) await until("it runs", () => one.output() === "\n");
    Deno.kill(first.pid, "SIGTERM");
    await first.status;
    assertFails(await unsock(mapped(dir, "80=/z", "true")), 125, /80\.sock: exists already, and leads to .* \/x: /);
    assertEquals(names(dir), ["80.sock", "81.sock"]);
    Deno.kill(second.pid, "SIGTERM");
    await second.status;
    await until("the second has taken it along", () => names(dir).length === 1);
    assertEquals(names(dir), ["81.sock"]);
  }));

/** The processes that are the library, executed, with this directory among their words. */
function keepers(dir: string): number[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => Number(name)).filter((pid) => {
    try {
      return Deno.readTextFileSync(`/proc/${pid}/cmdline`).startsWith(`${libraryFile()}\0run\0--dir\0${dir}\0`);
    } catch {
      return false;
    }
  });
}

Deno.test("run --map: with its keeper killed it is stale: prune removes it, and another map takes its place", () =>
  withDir(async (dir) => {
    for (const how of ["prune", "run"]) {
      await using unsocked = start([libraryFile(), ...mapped(dir, "80=/x", "sh", "-c", "echo; exec sleep 1000")]);
      await until("it runs", () => unsocked.output() === "\n");
      assertEquals((await unsock(["prune", "--dir", dir])).stdout, "", "it is in use");
      const [keeper] = keepers(dir);
      assert(keeper !== undefined, "somebody is there to remove it");
      Deno.kill(keeper, "SIGKILL");
      Deno.kill(unsocked.pid, "SIGKILL");
      await unsocked.status;
      await until("the keeper is gone", () => keepers(dir).length === 0);
      assertEquals(names(dir), ["80.sock"]);
      if (how === "prune") {
        assertEquals((await unsock(["prune", "--dry-run", "--dir", dir])).stdout, `would remove ${dir}/80.sock\n`);
        assertEquals((await unsock(["prune", "--dir", dir])).stdout, `removed ${dir}/80.sock\n`);
      } else {
        assertStrictEquals((await unsock(mapped(dir, "80=/y", "true"))).code, 0);
        await until("it has gone with the other", () => names(dir).length === 0);
      }
      assertEquals(names(dir), []);
    }
  }));

Deno.test({
  name:
    "run --map: a signal to the caller's session at the very end of the command does not reach the keeper of the file",
  ignore: !need("strace", "setsid", "pkill"),
  fn: () =>
    withDir(async (dir) => {
      // strace is in a session of its own, and slows down how others leave theirs.
      const strace = "strace -DDD -f -qq -o /dev/null -e inject=setsid:delay_enter=300ms";
      const script = `setsid ${strace} "$@" >/dev/null 2>&1 & wait $!; pkill -KILL -s $!; true`;
      const words = [libraryFile(), ...mapped(dir, "80=/x", "true")];
      assertStrictEquals((await run(["sh", "-c", script, "sh", ...words])).code, 0);
      await until("it is gone", isGone(`${dir}/80.sock`), 5_000);
    }),
});

Deno.test("run --map: a failure before the command leaves no file, and a later run may map the port elsewhere", () =>
  withDir(async (dir) => {
    assertFails(await unsock(mapped(dir, "80=/x", "no-such-command")), 127, /not found/);
    await Deno.writeTextFile(`${dir}/81.sock`, "");
    const words = ["run", "--dir", dir, "--map", "80=/x", "--map", "81=/y", "true"];
    assertFails(await unsock(words), 125, /81\.sock: exists already, and is no control file/);
    assertEquals(names(dir), ["81.sock"]);
    for (const path of ["/a", "/b", "/c", "/d"]) {
      const { code, stderr } = await run([libraryFile(), ...mapped(dir, `80=${path}`, "true")]);
      assertEquals([code, stderr], [0, ""]);
    }
    await until("none is left", () => names(dir).length === 1);
  }));

Deno.test({
  name: "run --map: nothing of the caller's is held: a pipe that the command closes is closed",
  ignore: !need("timeout"),
  fn: () =>
    withDir(async (dir) => {
      const inner = "exec 0<&-; while [ ! -e freed ]; do sleep 0.01; done; echo freed";
      const script = `(timeout 50 yes; echo $? >freed) | $UNSOCK run --map 80=/x --dir ${dir}/s -- sh -c '${inner}'`;
      const { stdout, stderr } = await shell(script, { cwd: dir });
      assertStrictEquals(stdout, "freed\n", stderr);
      await until("it is gone", () => names(`${dir}/s`).length === 0);
    }),
});

Deno.test({
  name: "run --map: a lock of the command is free once the command has been waited for, however busy the machine is",
  ignore: !need("python3"),
  fn: () =>
    withDir(async (dir) => {
      const locked = programText("locked");
      // The process left behind starts late while others use the processors.
      const script = `for i in 1 2 3 4; do (while [ ! -e done ]; do :; done) & done
        python3 -c '${locked}' '${libraryFile()}' run --map 80=/x --dir '${dir}/s' -- true; touch done; wait`;
      const { stdout, stderr } = await shell(script, { cwd: dir });
      assertStrictEquals(stdout, "0\n", stderr);
      await until("it is gone", () => names(`${dir}/s`).length === 0);
    }),
});

Deno.test({
  name: "--map in a directory that the user may not search names the directory, and no file",
  ignore: whyNoOtherUser() !== undefined,
  fn: () =>
    withDir(async (dir) => {
      const [place, sockets] = [path.join(dir, "unsock"), path.join(dir, "s")];
      for (const made of [place, sockets]) Deno.mkdirSync(made);
      const program = await unsockForEverybody(place);
      Deno.chmodSync(dir, 0o755);
      Deno.chownSync(sockets, SERVER, SERVER);
      Deno.chmodSync(sockets, 0o600);
      const words = [program, "run", "--dir", sockets, "--map", "80=/x", "true"];
      assertFails(
        await run(asUser(SERVER, words), { cwd: "/" }),
        125,
        /80\.sock: you may not write to its directory: /,
      );
    }),
});
