/** `unsock path` and `wait`: what scripts need of ports. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import * as path from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryFile, unsockRun } from "../support/library.ts";
import { leaveStale } from "../support/stale.ts";
import { until } from "../support/wait.ts";
import { assertFails, byLibrary, unsock } from "./unsock.ts";

const programText = programsOf(import.meta);

/** A server at port 8000 that does one step at a time. */
async function withSteps(dir: string, use: (step: (name: string) => Promise<void>) => Promise<void>): Promise<void> {
  const [program = "", ...args] = unsockRun(dir, ["python3", "-c", programText("server")]);
  await using server = new Deno.Command(program, { args, stdin: "piped", stdout: "piped" }).spawn();
  const [input, output] = [server.stdin.getWriter(), server.stdout.getReader()];
  await use(async (name) => {
    await input.write(new TextEncoder().encode(`${name}\n`));
    let answer = "";
    while (!answer.endsWith("\n")) {
      const { value, done } = await output.read();
      if (done) break;
      answer += new TextDecoder().decode(value);
    }
    assertStrictEquals(answer, `${name}\n`);
  });
  await input.close();
  await output.cancel();
  await server.status;
}

Deno.test("path prints the file that clients of an address connect to", () =>
  withDir(async (dir) => {
    const pathOf = async (port: string) => path.basename((await byLibrary(["path", "--dir", dir, port])).stdout.trim());
    const link = (name: string, text: string) => Deno.symlinkSync(text, path.join(dir, name));
    for (const name of [".80@127.0.0.2", ".80@0.0.0.0+1", ".80@--1", ".82@any", ".53u@127.0.0.2", ".53u@0.0.0.0+1"]) {
      Deno.writeTextFileSync(path.join(dir, name), "");
    }
    link("80.sock", "./.80@127.0.0.2");
    link(".80@", "127.0.0.2 0.0.0.0+1 --1");
    link("82.sock", ".82@any");
    link("53.dgram.sock", "./.53u@127.0.0.2");
    link(".53u@", "127.0.0.2 0.0.0.0*1");
    link("84.sock", ".84@127.0.0.1");
    assertStrictEquals(await pathOf("80@127.0.0.2"), ".80@127.0.0.2");
    assertStrictEquals(await pathOf("80@127.0.0.3"), ".80@0.0.0.0+1");
    assertStrictEquals(await pathOf("80@0:0:0:0:0:0:0:1/tcp"), ".80@--1");
    assertStrictEquals(await pathOf("80@::2"), "80.sock");
    assertStrictEquals(await pathOf("53@127.0.0.2/udp"), ".53u@127.0.0.2");
    assertStrictEquals(await pathOf("53@127.0.0.3/udp"), ".53u@0.0.0.0+1");
    assertStrictEquals(await pathOf("53@::1/udp"), "53.dgram.sock");
    assertStrictEquals(await pathOf("54@127.0.0.2/udp"), "54.dgram.sock");
    assertStrictEquals(await pathOf("80@::ffff:127.0.0.2"), ".80@127.0.0.2");
    for (const port of ["82@::1", "82@127.0.0.1"]) assertStrictEquals(await pathOf(port), ".82@any");
    // Of a killed server, as nobody else is there.
    assertStrictEquals(await pathOf("84@127.0.0.1"), ".84@127.0.0.1");
    // Clients find no name that the port does not list; a plain server answers for all addresses.
    using _plain = Deno.listen({ transport: "unix", path: path.join(dir, "85.sock") });
    Deno.writeTextFileSync(path.join(dir, ".85@127.0.0.1"), "");
    assertStrictEquals(await pathOf("85@127.0.0.1"), "85.sock");
  }));

Deno.test("path skips a killed server, and prints the file of another one on the address", () =>
  withDir(async (dir) => {
    await leaveStale(path.join(dir, ".80@127.0.0.1+1"));
    using _lives = Deno.listen({ transport: "unix", path: path.join(dir, ".80@127.0.0.1+2") });
    Deno.symlinkSync("./.80@127.0.0.1+1", path.join(dir, "80.sock"));
    Deno.symlinkSync("127.0.0.1+1 127.0.0.1+2", path.join(dir, ".80@"));
    assertStrictEquals((await byLibrary(["path", "--dir", dir, "80@127.0.0.1"])).stdout, `${dir}/.80@127.0.0.1+2\n`);
  }));

Deno.test("path prints the path of a port's file", async () => {
  const env = { UNSOCK_DIR: "/run/x" };
  for (const [port, name] of [["8000", "8000.sock"], ["53/udp", "53.dgram.sock"], ["53/tcp", "53.sock"]] as const) {
    assertStrictEquals((await byLibrary(["path", port], { env })).stdout, `/run/x/${name}\n`);
  }
  assertStrictEquals((await byLibrary(["path", "--dir", "/tmp", "80"], { env })).stdout, "/tmp/80.sock\n");
  for (const port of ["0", "65536", "http", "80/sctp", "80/udp/x", ""]) {
    assertFails(await byLibrary(["path", port], { env }), 2, /^unsock: PORT: not a port from 1 to 65535/);
  }
  for (const address of ["", "localhost", "127.0.0.1.1", "1::2::3"]) {
    assertFails(await byLibrary(["path", `80@${address}`], { env }), 2, /^unsock: PORT@ADDR: not an IP address/);
  }
  assertFails(await byLibrary(["path"], { env }), 2, /PORT\[@ADDR\]\[\/udp\] is missing/);
});

Deno.test({
  name: "wait ends when a server listens, not when a socket is merely bound; --gone when there is no server",
  ignore: !need("python3"),
  fn: () =>
    withDir(async (dir) => {
      const sockets = path.join(dir, "sockets");
      await using waiting = start([libraryFile(), "wait", "--dir", sockets, "8000"]);
      let ended = false;
      waiting.status.then(() => ended = true);
      await withSteps(sockets, async (step) => {
        await step("bind");
        assertFails(
          await byLibrary(["wait", "--dir", sockets, "8000", "--timeout", "0.3"]),
          1,
          /nobody listens: "unsock ls/,
        );
        assert(!ended, waiting.output());
        await step("listen");
        assertEquals(await waiting.result(60_000), { code: 0, signal: null, stdout: "", stderr: "" });
        assertFails(await byLibrary(["wait", "--dir", sockets, "8000", "--gone", "--timeout", "0"]), 1, /still there/);
        await using gone = start([libraryFile(), "wait", "--dir", sockets, "--gone", "8000"]);
        await step("close");
        assertStrictEquals((await gone.result(60_000)).code, 0);
      });
    }),
});

Deno.test({
  name: "wait does not count a server that is stopped in its bind, before the port link exists",
  ignore: !need("python3"),
  fn: () =>
    withDir(async (dir) => {
      await using server = start(["sh", "-c", `sleep 60 | python3 -c "$0" "$1"`, programText("unlinked"), dir]);
      await until("the names are there", () => server.output() === "ready\n");
      for (const [port, file, own] of [["80", "80.sock", ".80@"], ["53/udp", "53.dgram.sock", ".53u@"]] as const) {
        const now = ["wait", "--dir", dir, port, "--timeout", "0"];
        assertFails(await byLibrary(now), 1, /nobody listens/);
        assertStrictEquals((await byLibrary([...now, "--gone"])).code, 0);
        Deno.symlinkSync(`${own}127.0.0.1`, `${dir}/${file}`);
        assertStrictEquals((await byLibrary(now)).code, 0);
      }
    }),
});

Deno.test("wait needs all of its ports, and knows a control file, UDP, and the end of a process that is killed", () =>
  withDir(async (dir) => {
    const wait = (...args: string[]) => byLibrary(["wait", "--dir", dir, ...args]);
    assertStrictEquals((await unsock(["make-control", `${dir}/81.sock`, "--unix", `${dir}/80.sock`])).code, 0);
    using _one = Deno.listen({ transport: "unix", path: path.join(dir, "80.sock") });
    await leaveStale(path.join(dir, "82.sock"));
    assertStrictEquals((await wait("80", "81")).code, 0);
    assertFails(await wait("80", "82", "--timeout", "0"), 1, /port 82 in \/tmp.* after 0 s nobody listens/);
    assertFails(await wait("80/udp", "--timeout", "0"), 1, /port 80\/udp in/);
    assertStrictEquals((await wait("82", "83/udp", "--gone")).code, 0);
    assertFails(await wait("80", "--timeout", "soon"), 2, /--timeout: not a time, such as 10, .*: "soon"/);
    for (const time of ["0ms", "0s", "0.5ms"]) {
      assertFails(await wait("82", "--timeout", time), 1, /after 0(\.5)?m?s nobody/);
    }
    assertFails(await wait(), 2, /PORT\[@ADDR\]\[\/udp\] is missing/);
    for (
      const [port, why] of [["80@localhost", /PORT@ADDR: not an IP address: "localhost"$/], [
        "0@::1",
        /PORT: not a/,
      ]] as const
    ) {
      const { code, stderr } = await wait(port);
      assertEquals([code, stderr.trimEnd().split("\n").length], [2, 1]);
      assertMatch(stderr.trimEnd(), why);
    }

    const code = `Deno.listen({ transport: "unix", path: "${dir}/84.sock" }); setTimeout(() => {}, 60_000)`;
    await using victim = start([Deno.execPath(), "eval", code]);
    assertStrictEquals((await wait("84")).code, 0);
    await using gone = start([libraryFile(), "wait", "--dir", dir, "--gone", "84"]);
    Deno.kill(victim.pid, "SIGKILL");
    assertStrictEquals((await gone.result(60_000)).code, 0);
  }));

Deno.test({
  name: "wait PORT@ADDR waits for a server on that address or on a wildcard, and not for another server of the port",
  ignore: !need("python3"),
  fn: () =>
    withDir(async (dir) => {
      const wait = (port: string, ...more: string[]) =>
        byLibrary(["wait", "--dir", dir, port, "--timeout", "0", ...more]);
      const [program = "", ...args] = unsockRun(dir, ["python3", "-c", programText("nodes")]);
      await using nodes = new Deno.Command(program, { args, stdin: "piped", stdout: "piped" }).spawn();
      const [input, output] = [nodes.stdin.getWriter(), nodes.stdout.getReader()];
      const come = async (node: string) => {
        await input.write(new TextEncoder().encode(`${node}\n`));
        let answer = "";
        while (!answer.endsWith("\n")) answer += new TextDecoder().decode((await output.read()).value);
        assertStrictEquals(answer, "ready\n");
      };
      await come("7000 127.0.0.1 SOCK_STREAM");
      assertStrictEquals((await wait("7000")).code, 0);
      assertStrictEquals((await wait("7000@127.0.0.1")).code, 0);
      assertFails(await wait("7000@127.0.0.2"), 1, /wait: port 7000@127\.0\.0\.2 in .* nobody listens/);
      assertStrictEquals((await wait("7000@127.0.0.2", "--gone")).code, 0);
      assertFails(await wait("7000@127.0.0.1", "--gone"), 1, /somebody is still there/);
      await using second = start([libraryFile(), "wait", "--dir", dir, "7000@127.0.0.2"]);
      await come("7000 127.0.0.2 SOCK_STREAM");
      assertStrictEquals((await second.result(60_000)).code, 0);
      await come("7001 0.0.0.0 SOCK_STREAM");
      assertStrictEquals((await wait("7001@127.0.0.9")).code, 0);
      assertFails(await wait("7001@::1"), 1, /port 7001@::1 in/);
      await come("7002 :: SOCK_STREAM");
      assertStrictEquals((await wait("7002@127.0.0.9")).code, 0);
      await come("53 127.0.0.1 SOCK_DGRAM");
      await come("53 ::1 SOCK_DGRAM");
      for (const address of ["127.0.0.1", "::1"]) assertStrictEquals((await wait(`53@${address}/udp`)).code, 0);
      assertFails(await wait("53@127.0.0.2/udp"), 1, /port 53@127\.0\.0\.2\/udp in/);
      // A plain socket, which has no address, answers for all addresses.
      using _plain = Deno.listen({ transport: "unix", path: path.join(dir, "80.sock") });
      assertStrictEquals((await wait("80@127.0.0.2")).code, 0);
      await input.close();
      await output.cancel();
      await nodes.status;
    }),
});
