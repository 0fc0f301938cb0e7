/** `unsock ls`: what is in the directory, and who is behind it. */
import { assert, assertEquals, assertMatch, assertNotMatch, assertStrictEquals } from "@std/assert";
import * as path from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { run, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { unsockRun } from "../support/library.ts";
import { leaveStale } from "../support/stale.ts";
import { until } from "../support/wait.ts";
import { list, type Listed } from "./listed.ts";
import { assertFails, unsock, unsockCommand } from "./unsock.ts";

const programText = programsOf(import.meta);

Deno.test("ls distinguishes live from stale sockets and sockets from control files, and shows their owners", async () => {
  await withDir(async (dir) => {
    const file = (name: string) => path.join(dir, name);
    using server = Deno.listen({ transport: "unix", path: file("80.sock") });
    using _client = await Deno.connect({ transport: "unix", path: file("80.sock") });
    using _accepted = await server.accept();
    await leaveStale(file("81.sock"));
    assertStrictEquals((await unsock(["make-control", file("82.sock"), "--vsock-port", "7"])).code, 0);
    Deno.writeTextFileSync(file("83.sock"), "nonsense");
    for (const name of ["other", "0.sock", "65536.sock", "x.sock", "84.sock.bak"]) {
      Deno.writeTextFileSync(file(name), "");
    }

    const [alive, stale, control, invalid, ...others] = await list(dir);
    assertEquals(others, []);
    assertEquals([alive?.port, alive?.kind, alive?.state, alive?.connections], [80, "stream", "alive", 1]);
    // A child that another test of this process forks has all of its descriptors until it is another program.
    assert(alive?.processes.some(({ pid }) => pid === Deno.pid));
    assertEquals([stale?.port, stale?.state, stale?.connections], [81, "stale", 0]);
    assertEquals([control?.port, control?.state, control?.target], [82, "control", "vsock port 7, CID any"]);
    assertEquals([invalid?.port, invalid?.state], [83, "invalid"]);
    assertStrictEquals(alive?.mode.length, 4);

    const { stdout } = await unsock(["ls", "--dir", dir]);
    assertMatch(stdout, new RegExp(`^${dir}:\nPORT +KIND +STATE`));
    assertMatch(stdout, new RegExp(`^80 +stream +listening .*\\[${Deno.pid}\\]`, "m"));
  });
});

Deno.test({
  name: "ls reports a short datagram queue and the command that lengthens it, if a datagram socket is listed",
  ignore: !need("python3"),
  fn: () =>
    withDir(async (dir) => {
      const code =
        'import signal, socket, sys; s = socket.socket(1, 2); s.bind(sys.argv[1]); print("ready", flush=True); signal.pause()';
      await using server = start(["python3", "-c", code, path.join(dir, "53.dgram.sock")]);
      await until("the server is ready", () => server.output() === "ready\n");
      const length = Number(Deno.readTextFileSync("/proc/sys/net/unix/max_dgram_qlen"));
      const { stdout } = await unsock(["ls", "--dir", dir]);
      const said = /^\(a queue holds (\d+) datagrams .*: sysctl net\.unix\.max_dgram_qlen=512\)$/m.exec(stdout)?.[1];
      assertStrictEquals(said, length < 512 ? `${length + 1}` : undefined);
      assertNotMatch((await unsock(["ls", "--dir", dir, "54"])).stdout, /max_dgram_qlen/);
    }),
});

Deno.test("ls of a directory that does not exist, or is empty, names it", async () => {
  await withDir(async (dir) => {
    const none = path.join(dir, "none");
    assertEquals(await list(none), []);
    assertStrictEquals((await unsock(["ls", "--dir", none])).stdout, `${none}: does not exist yet\n`);
    assertStrictEquals((await unsock(["ls", "--dir", dir])).stdout, `${dir}: nothing\n`);
    assertStrictEquals((await unsock(["ls", "--dir", dir, "80"])).stdout, `${dir}: nothing at port 80\n`);
    assertFails(await unsock(["ls", "http"]), 2, /PORT: not a port from 1 to 65535: "http"/);
  });
});

Deno.test({
  name: "ls distinguishes listening from bound sockets, and shows time and user; a port is a filter",
  ignore: !need("python3"),
  fn: () =>
    withDir(async (dir) => {
      const code = programText("listens");
      const before = Date.now() - 1000;
      await using server = start(unsockRun(dir, ["python3", "-c", code]));
      await until("the server is ready", () => server.output() === "ready\n");
      const [listening, bound] = await list(dir);
      assertEquals([listening?.port, listening?.listening], [8080, true]);
      assertEquals([bound?.port, bound?.listening], [8081, false]);
      const since = Date.parse(listening?.since ?? "");
      assert(since >= before && since <= Date.now(), `${listening?.since}`);
      const owner = await run(["id", "-un"]);
      assertStrictEquals(`${listening?.processes[0]?.user}\n`, owner.stdout);
      const { stdout } = await unsock(["ls", "--dir", dir, "8081"]);
      assertMatch(stdout, /^8081@127.0.0.1 +stream +bound /m);
      assertNotMatch(stdout, /8080/);
    }),
});

Deno.test("ls --watch prints again when something has changed, one line each time as JSON", () =>
  withDir(async (dir) => {
    await using watching = start([...unsockCommand(), "ls", "--dir", dir, "--watch", "--json"]);
    await until("it shows nothing", () => watching.output() === "[]\n");
    using _server = Deno.listen({ transport: "unix", path: path.join(dir, "80.sock") });
    const lines = await until("it shows the port", () => {
      const lines = watching.output().trimEnd().split("\n");
      return lines.length > 1 ? lines : undefined;
    });
    assertEquals(JSON.parse(lines.at(-1) ?? "").map(({ port }: Listed) => port), [80]);
  }));

Deno.test({
  name: "ls believes no line that others forge, and shows the names of others escaped",
  ignore: !need("python3"),
  fn: () =>
    withDir(async (dir) => {
      for (const port of [81, 83]) await leaveStale(path.join(dir, `${port}.sock`));
      await using forger = start(["python3", "-c", programText("forger"), dir, programText("forger")]);
      await until("it has forged", () => forger.output() === "ready\n");
      const files = await list(dir);
      assertEquals(files.map(({ port, state, connections }) => [port, state, connections]), [
        [81, "stale", 0],
        [82, "alive", 0],
        [83, "stale", 0],
      ]);
      const { stdout } = await unsock(["ls", "--dir", dir]);
      assertMatch(stdout, /^82 .* \\x1b\[1m\\x0a80 up\[\d+\]$/m);
      assertStrictEquals(stdout.trimEnd().split("\n").length, 5);
    }),
});

Deno.test("ls connects to no server, whatever the type of the socket at a port's name", () =>
  withDir(async (dir) => {
    using server = Deno.listen({ transport: "unix", path: path.join(dir, "53.dgram.sock") });
    assertEquals((await list(dir)).map(({ state }) => state), ["alive"]);
    const first = server.accept();
    using client = await Deno.connect({ transport: "unix", path: path.join(dir, "53.dgram.sock") });
    await client.write(new TextEncoder().encode("first"));
    using accepted = await first;
    const bytes = new Uint8Array(8);
    assertStrictEquals(await accepted.read(bytes), 5);
  }));
