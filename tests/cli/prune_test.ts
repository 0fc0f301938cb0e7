/** `unsock prune`: removes stale files, and nothing else. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import * as path from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { unsockForEverybody } from "../support/everybody.ts";
import { run, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { unsockRun } from "../support/library.ts";
import { leaveStale } from "../support/stale.ts";
import { asUser, SERVER, whyNoOtherUser } from "../support/users.ts";
import { until } from "../support/wait.ts";
import { byLibrary, unsock } from "./unsock.ts";

const programText = programsOf(import.meta);

const sortedLines = (text: string) => text.trimEnd().split("\n").toSorted();

Deno.test("prune removes stale files, and never a live one's file, a control file or another file", () =>
  withDir(async (dir) => {
    const names = () => [...Deno.readDirSync(dir)].map(({ name }) => name).toSorted();
    using _live = Deno.listen({ transport: "unix", path: path.join(dir, "80.sock") });
    for (const name of ["81.sock", "82.dgram.sock", ".83@127.0.0.1", "other.sock"]) {
      await leaveStale(path.join(dir, name));
    }
    assertStrictEquals((await unsock(["make-control", path.join(dir, "84.sock"), "--unix", "/x"])).code, 0);
    Deno.writeTextFileSync(path.join(dir, "85.sock"), "nonsense");
    const before = names();
    const dry = await byLibrary(["prune", "--dir", dir, "--dry-run"]);
    assertEquals([dry.code, dry.stdout.split("\n").length - 1], [0, 3]);
    for (const name of [".83@127.0.0.1", "81.sock"]) assert(dry.stdout.includes(`would remove ${dir}/${name}\n`), name);
    assertEquals(names(), before);
    const { stdout } = await byLibrary(["prune", "--dir", dir, "--json"]);
    assertEquals(JSON.parse(stdout).map(({ problem }: { problem: unknown }) => problem), [null, null, null]);
    assertEquals(names(), ["80.sock", "84.sock", "85.sock", "other.sock"]);
    assertEquals((await byLibrary(["prune", "--dir", dir])).stdout, "");
  }));

Deno.test({
  name: "prune leaves nothing of servers on several addresses that were killed",
  ignore: !need("python3"),
  fn: () =>
    withDir(async (dir) => {
      const code = programText("killed");
      await run(unsockRun(dir, ["python3", "-c", code]));
      const names = () => [...Deno.readDirSync(dir)].map(({ name }) => name);
      for (const name of [".9042@", ".9042u@"]) assert(names().includes(name), name);
      const { stdout } = await byLibrary(["prune", "--dir", dir]);
      assertStrictEquals(stdout.split("\n").length - 1, 6);
      assertEquals(names(), []);
    }),
});

Deno.test({
  name: "prune removes all kinds of stale names, a dry run says the same, and live ones stay",
  ignore: !need("python3"),
  fn: () =>
    withDir(async (dir) => {
      const names = () => [...Deno.readDirSync(dir)].map(({ name }) => name).toSorted();
      await run(unsockRun(dir, ["python3", "-c", programText("sharers"), "dies"]));
      for (const name of [".9042@127.0.0.1+100", ".9043@", ".9042u@", ".9043u@127.0.0.1+2"]) {
        assert(names().includes(name), `${name}: ${names()}`);
      }
      // Of processes that were killed between two steps: the next text of a link, and a file that was set aside.
      Deno.symlinkSync("127.0.0.1 127.0.0.2", path.join(dir, ".9042@~"));
      await leaveStale(path.join(dir, ".9042u@~"));
      Deno.symlinkSync("127.0.0.1", path.join(dir, ".9044u@"));
      Deno.symlinkSync(".9045u@127.0.0.1", path.join(dir, "9045.dgram.sock"));
      Deno.writeTextFileSync(path.join(dir, ".unsock.lock.77"), "");
      // make-control was killed between the file and its name; another one is at work.
      const [part, another] = ["0123456789abcdef", "fedcba9876543210"].map((n) => path.join(dir, `.unsock-${n}`));
      assert(part !== undefined && another !== undefined);
      for (const file of [part, another]) Deno.writeTextFileSync(file, "");
      Deno.utimeSync(part, Date.now() / 1000 - 90, Date.now() / 1000 - 90);
      const dry = await byLibrary(["prune", "--dir", dir, "--dry-run"]);
      const { code, stdout } = await byLibrary(["prune", "--dir", dir]);
      assertStrictEquals(code, 0);
      assertEquals(sortedLines(stdout.replaceAll(/^removed/gm, "would remove")), sortedLines(dry.stdout));
      // Ten sockets of the killed one, and the link.
      assertStrictEquals(stdout.split("\n").length - 1, 11, stdout);
      assertEquals(names(), [path.basename(another)]);
      Deno.removeSync(another);

      await using _living = start(unsockRun(dir, ["python3", "-c", programText("sharers")]));
      await until("the servers are ready", () => _living.output() === "ready\n");
      const before = names();
      assertEquals((await byLibrary(["prune", "--dir", dir])).stdout, "");
      assertEquals(names().filter((name) => name !== ".unsock.lock"), before.filter((name) => name !== ".unsock.lock"));
    }),
});

Deno.test({
  name: "prune keeps the port for live sockets, and prints the removed file",
  ignore: !need("python3"),
  fn: () =>
    withDir(async (dir) => {
      await using first = start(unsockRun(dir, ["python3", "-c", programText("bind"), "127.0.0.1"]));
      await until("the first is ready", () => first.output() === "ready\n");
      await using second = start(unsockRun(dir, ["python3", "-c", programText("bind"), "127.0.0.2"]));
      await until("the second is ready", () => second.output() === "ready\n");
      Deno.kill(first.pid, "SIGKILL");
      await first.status;
      const removed = [".9042@127.0.0.1", ".9042u@127.0.0.1"].map((name) => `removed ${dir}/${name}`);
      assertEquals(sortedLines((await byLibrary(["prune", "--dir", dir])).stdout), removed);
      for (const [link, name] of [["9042.sock", ".9042@127.0.0.2"], ["9042.dgram.sock", ".9042u@127.0.0.2"]] as const) {
        assertStrictEquals(Deno.readLinkSync(path.join(dir, link)), name);
      }
      const left = [...Deno.readDirSync(dir)].map(({ name }) => name).filter((name) => name !== ".unsock.lock");
      assertEquals(left.toSorted(), [".9042@127.0.0.2", ".9042u@127.0.0.2", "9042.dgram.sock", "9042.sock"]);
    }),
});

Deno.test("prune keeps a socket that waits for a killed one", () =>
  withDir(async (dir) => {
    await leaveStale(path.join(dir, ".80@127.0.0.1"));
    Deno.symlinkSync(".80@127.0.0.1", path.join(dir, "80.sock"));
    using _waiting = Deno.listen({ transport: "unix", path: path.join(dir, ".80@127.0.0.1+100") });
    assertEquals((await byLibrary(["prune", "--dir", dir])).stdout, `removed ${dir}/80.sock\n`);
    assertEquals([...Deno.readDirSync(dir)].map(({ name }) => name), [".80@127.0.0.1+100"]);
  }));

Deno.test("prune removes a stale private directory where everybody may write, with --force too", () =>
  withDir(async (dir) => {
    Deno.chmodSync(dir, 0o1777);
    for (const how of [[], ["--force"]]) {
      Deno.mkdirSync(path.join(dir, "private", "abcdef"), { recursive: true });
      assertEquals((await byLibrary(["prune", "--dir", dir, ...how])).stdout, `removed ${dir}/private/abcdef\n`);
    }
  }));

Deno.test({
  name: "prune reports a file that it may not remove",
  ignore: whyNoOtherUser() !== undefined || !need("python3"),
  fn: () =>
    withDir(async (dir) => {
      const place = path.join(dir, "unsock");
      Deno.mkdirSync(place);
      const program = await unsockForEverybody(place);
      const sockets = path.join(dir, "s");
      Deno.mkdirSync(sockets);
      Deno.chmodSync(dir, 0o755);
      Deno.chmodSync(sockets, 0o1777);
      // Whom everybody may ask, and nobody else may remove.
      for (const name of [".80@127.0.0.1", "81.sock"]) {
        await leaveStale(path.join(sockets, name));
        Deno.chmodSync(path.join(sockets, name), 0o777);
      }
      const { code, stdout } = await run(asUser(SERVER, [program, "prune", "--dir", sockets, "--force"]), { cwd: "/" });
      assertEquals([code, stdout], [
        1,
        [".80@127.0.0.1", "81.sock"].map((n) => `${sockets}/${n}: Operation not permitted\n`).join(""),
      ]);
      assertEquals([...Deno.readDirSync(sockets)].map(({ name }) => name).toSorted(), [".80@127.0.0.1", "81.sock"]);
      // Of the living nothing is said, where nothing may be removed at all.
      const closed = path.join(dir, "c");
      Deno.mkdirSync(closed);
      Deno.chmodSync(closed, 0o755);
      using _live = Deno.listen({ transport: "unix", path: path.join(closed, "82.sock") });
      using _first = Deno.listen({ transport: "unix", path: path.join(closed, ".83@127.0.0.1") });
      for (const name of [".83@127.0.0.2", "84.dgram.sock"]) await leaveStale(path.join(closed, name));
      Deno.symlinkSync("./.83@127.0.0.1", path.join(closed, "83.sock"));
      Deno.symlinkSync("127.0.0.1 127.0.0.2", path.join(closed, ".83@"));
      for (const name of ["82.sock", ".83@127.0.0.1", ".83@127.0.0.2", "84.dgram.sock"]) {
        Deno.chmodSync(path.join(closed, name), 0o777);
      }
      for (const how of [[], ["--dry-run"]]) {
        const refused = await run(asUser(SERVER, [program, "prune", "--dir", closed, ...how]), { cwd: "/" });
        const lines = [".83@127.0.0.2", "84.dgram.sock"].map((name) =>
          `${closed}/${name}: you may not write to the directory`
        );
        assertEquals([refused.code, sortedLines(refused.stdout)], [1, lines]);
      }
    }),
});

Deno.test({
  name: "prune removes another user's socket file only if no socket is bound to it",
  ignore: whyNoOtherUser() !== undefined || !need("python3"),
  fn: () =>
    withDir(async (dir) => {
      const sockets = path.join(dir, "s");
      Deno.mkdirSync(sockets);
      Deno.chownSync(sockets, SERVER, SERVER);
      Deno.chmodSync(dir, 0o755);
      const program = programText("serves_file");
      await using server = start(asUser(SERVER, ["/usr/bin/python3", "-c", program, `${sockets}/80.sock`]));
      await until("the server is ready", () => server.output() === "ready\n");
      assertEquals((await byLibrary(["prune", "--dir", sockets])).stdout, "");
      await server[Symbol.asyncDispose]();
      assertEquals((await byLibrary(["prune", "--dir", sockets])).stdout, `removed ${sockets}/80.sock\n`);
    }),
});
