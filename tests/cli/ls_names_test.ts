/** `unsock ls`: ports with their addresses, as the library has named their sockets. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import * as path from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { run, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { unsockRun } from "../support/library.ts";
import { leaveStale } from "../support/stale.ts";
import { until } from "../support/wait.ts";
import { list } from "./listed.ts";
import { unsock } from "./unsock.ts";

const programText = programsOf(import.meta);

Deno.test({
  name: "ls finds the library's sockets through any path to the directory, and distinguishes two addresses of a port",
  ignore: !need("python3"),
  fn: () =>
    withDir(async (dir) => {
      const real = path.join(dir, "real");
      const link = path.join(dir, "link");
      Deno.mkdirSync(real);
      Deno.symlinkSync("real", link);
      for (const bound of [real, link]) {
        await using server = start(unsockRun(bound, ["python3", "-c", programText("servers")]));
        await until("the servers are ready", () => server.output() === "ready\n");
        for (const asked of [real, link]) {
          const [udp, first, second, tcp, tcp6, ...others] = await list(asked);
          assertEquals(others, []);
          assertEquals([first?.port, first?.kind, first?.state, first?.address], [
            5354,
            "datagram",
            "alive",
            "127.0.0.9",
          ]);
          assertEquals([second?.port, second?.kind, second?.state, second?.address], [
            5354,
            "datagram",
            "alive",
            "::1",
          ]);
          assertEquals([udp?.port, udp?.kind, udp?.state, udp?.address], [5353, "datagram", "alive", "127.0.0.9"]);
          assertEquals([tcp?.port, tcp?.kind, tcp?.state, tcp?.address], [8080, "stream", "alive", "127.0.0.1"]);
          assertEquals([tcp6?.port, tcp6?.kind, tcp6?.state, tcp6?.address], [8080, "stream", "alive", "::1"]);
          for (const file of [udp, first, second, tcp, tcp6]) {
            assertEquals(file?.processes.map(({ pid }) => pid), [server.pid]);
          }
        }
        const { stdout } = await unsock(["ls", "--dir", real]);
        for (const port of ["5353@127.0.0.9", "5354@127.0.0.9", "5354@::1", "8080@127.0.0.1", "8080@::1"]) {
          assertMatch(stdout, new RegExp(`^${port} .*\\[\\d+\\]$`, "m"));
        }
        for (const [asked, name] of [["5354", "5354.dgram.sock"], ["5354@127.0.0.9", ".5354u@127.0.0.9"]] as const) {
          assertStrictEquals((await unsock(["path", "--dir", real, `${asked}/udp`])).stdout, `${real}/${name}\n`);
        }
      }
    }),
});

Deno.test({
  name: "ls shows the address of a port's first socket, of any kind, but not an unknown address",
  ignore: !need("python3"),
  fn: () =>
    withDir(async (dir) => {
      const addresses = ["127.0.0.1", "0.0.0.0", "::", "::1", "127.1.2.3", "10.0.2.15", "2001:db8::5:ff"];
      const ports = addresses.map((address, index) => `${8001 + index}@${address}`);
      await run(
        unsockRun(dir, ["python3", "-c", programText("leaves"), ports.join(" ")], ["--addr", "0.0.0.0/0,::/0"]),
      );
      assertEquals((await list(dir)).map(({ port, address }) => `${port}@${address}`), ports);
      // One wildcard alone is at all addresses.
      const { stdout } = await unsock(["ls", "--dir", dir]);
      assertMatch(stdout, /^8002 +stream .*\n8003 +stream .*\n8004@::1 /m);

      // The address of a killed server is not that of a later server without the library.
      const [left, clock] = [path.join(dir, "8001.sock"), path.join(dir, "clock")];
      const made = (file: string) => Deno.statSync(file).birthtime?.getTime() ?? 0;
      await until("the clock of the file system goes on", () => {
        Deno.writeTextFileSync(clock, "");
        const now = made(clock);
        Deno.removeSync(clock);
        return now > made(left);
      });
      Deno.removeSync(left);
      using _plain = Deno.listen({ transport: "unix", path: left });
      assertEquals(
        (await list(dir)).filter(({ port }) => port === 8001).map(({ state, address }) => `${state} ${address}`)
          .toSorted(),
        ["alive null", "stale 127.0.0.1"],
      );
    }),
});

Deno.test({
  name: "ls finds the process of a datagram socket that got a new file under the old name",
  ignore: !need("python3"),
  fn: () =>
    withDir(async (dir) => {
      const client = programText("client");
      await using process = start(unsockRun(dir, ["python3", "-c", client]));
      await until("the client has sent", () => process.output().includes("sent"));
      const [found, ...others] = await list(dir);
      assertEquals(others, []);
      assertEquals([found?.port, found?.kind, found?.state], [9302, "datagram", "alive"]);
      assertEquals(found?.processes.map(({ pid }) => pid), [process.pid]);
    }),
});

Deno.test("ls shows sockets that are in no record: two without a port, and a dangling port link", () =>
  withDir(async (dir) => {
    using _reserved = Deno.listen({ transport: "unix", path: path.join(dir, ".80@127.0.0.1+100") });
    using _unlisted = Deno.listen({ transport: "unix", path: path.join(dir, ".82@127.0.0.1") });
    await leaveStale(path.join(dir, ".81u@127.0.0.1+2"));
    Deno.symlinkSync(".83u@127.0.0.1", path.join(dir, "83.dgram.sock"));
    const noNames = [
      ".80.sock",
      "80.sock.1",
      ".80.dgram.sock.1",
      ".80.udp",
      "80@127.0.0.1.dgram.sock",
      ".80@127.0.0.1+0",
    ];
    for (const name of [...noNames, ".80@", ".80u@~", ".080@127.0.0.1", ".80@any+1\n", "80.sock\t"]) {
      Deno.writeTextFileSync(path.join(dir, name), "");
    }
    const files = await list(dir);
    assertEquals(files.map(({ port, kind, state, address }) => [port, kind, state, address]), [
      [80, "stream", "alive", "127.0.0.1"],
      [81, "datagram", "stale", "127.0.0.1"],
      [82, "stream", "alive", "127.0.0.1"],
      [83, "datagram", "stale", "127.0.0.1"],
    ]);
  }));

Deno.test({
  name:
    "ls shows UDP sockets like TCP's: the first as PORT.dgram.sock, those that share an address, and clients' servers",
  ignore: !need("python3"),
  fn: () =>
    withDir(async (dir) => {
      const words = [
        "127.0.0.1/5301/",
        "127.0.0.2/5301/",
        "127.0.0.1/5302/SO_REUSEADDR",
        "127.0.0.1/5302/SO_REUSEADDR",
      ];
      await using server = start(
        unsockRun(dir, ["python3", "-c", programText("udp"), ...words, "0.0.0.0/5303/SO_REUSEPORT"]),
      );
      await until("the servers are ready", () => server.output() === "ready\n");
      await using other = start(
        unsockRun(dir, ["python3", "-c", programText("udp"), "0.0.0.0/5303/SO_REUSEPORT", "127.0.0.2/0/"]),
      );
      await until("the others are ready", () => other.output() === "ready\n");
      const files = await list(dir);
      const shown = files.slice(0, 6).map(({ file, address, processes }) =>
        `${path.basename(file)} ${address} ${processes.map(({ pid }) => pid === server.pid ? "one" : "other")}`
      );
      assertEquals(shown.toSorted(), [
        // The kernel goes on telling the name that its socket was bound by, before another one came.
        ".5301u@127.0.0.2 127.0.0.2 one",
        ".5302u@127.0.0.1+1 127.0.0.1 one",
        ".5303u@0.0.0.0+1 0.0.0.0 other",
        "5301.dgram.sock 127.0.0.1 one",
        "5302.dgram.sock 127.0.0.1 one",
        "5303.dgram.sock 0.0.0.0 one",
      ]);
      assertEquals(files.slice(0, 6).map(({ state, kind }) => `${kind} ${state}`), Array(6).fill("datagram alive"));
      const [client, ...more] = files.slice(6);
      assertEquals(more, []);
      assertEquals([client?.kind, client?.address, client?.asks], ["datagram", "0.0.0.0", "127.0.0.2"]);
      assertMatch(
        (await unsock(["ls", "--dir", dir])).stdout,
        new RegExp(`^${client?.port} +datagram .*\\[${other.pid}\\] \\(asks 127\\.0\\.0\\.2\\)$`, "m"),
      );
    }),
});

Deno.test({
  name: "ls and path read an address where its name is five characters, and none where these may be several's",
  ignore: !need("python3"),
  fn: () =>
    withDir(async (dir) => {
      const long = path.join(dir, "d".repeat(90 - dir.length - 1));
      Deno.mkdirSync(long);
      const addresses = ["127.250.251.252", "10.0.2.15", "::1"];
      const ports = addresses.map((address, index) => `${8001 + index}@${address}`);
      await run(
        unsockRun(long, ["python3", "-c", programText("leaves"), ports.join(" ")], ["--addr", "0.0.0.0/0,::/0"]),
      );
      assertEquals((await list(long)).map(({ address }) => address), ["127.250.251.252", null, "::1"]);
      const paths = await Promise.all(ports.map((port) => unsock(["path", "--dir", long, port])));
      assertEquals(paths.map(({ stdout }) => Deno.lstatSync(stdout.trim()).isSocket), [true, true, true]);
      assertStrictEquals(new Set(paths.map(({ stdout }) => stdout)).size, 3);
    }),
});

Deno.test("ls and prune know all of thousands of names", () =>
  withDir(async (dir) => {
    const ports = Array.from({ length: 3000 }, (_, index) => 1000 + index);
    for (const port of ports) Deno.symlinkSync(`.${port}u@127.0.0.1`, path.join(dir, `${port}.dgram.sock`));
    assertEquals((await list(dir)).map(({ port }) => port), ports);
    const { stdout } = await unsock(["prune", "--dir", dir]);
    assertStrictEquals(stdout.split("\n").length - 1, ports.length);
    assertEquals([...Deno.readDirSync(dir)], []);
  }));
