/** `unsock expose`: what clients of the real network, and servers there, see. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { ownPort } from "../support/own_port.ts";
import { type Proc, run, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";
import { until } from "../support/wait.ts";
import { pythonIn, serve } from "./exposed.ts";
import { assertFails, unsock, unsockCommand } from "./unsock.ts";

const programText = programsOf(import.meta);

const ignore = !need("python3");
const HELD = 400;

/** The words of a running one, and where it listens. */
async function started(proc: Proc): Promise<string> {
  return await until("it is there", () => /^\S+ (leads to|is led to from) \S+\n/.test(proc.output()) && proc.output());
}

const portOf = (line: string) => /:(\d+) /.exec(line)?.[1] ?? "";
const python = (code: string, port: string, ...args: string[]) => run(["python3", "-c", code, port, ...args]);

for (const [form, program] of [["unsock", unsockCommand()], ["libunsock.so", [libraryFile()]]] as const) {
  Deno.test({
    name: `${form} expose: a TCP client reaches the server, which sees its address; afterwards the port is closed`,
    ignore,
    fn: () =>
      withDir(async (dir) => {
        await using _server = await serve(dir, programText("server"), 3000);
        await using exposed = start([...program, "expose", "--dir", dir, "3000=0"]);
        const line = await started(exposed);
        assertMatch(line, new RegExp(`^127\\.0\\.0\\.1:\\d+ leads to ${dir}/3000\\.sock\n$`));
        assertEquals((await python(programText("client"), portOf(line))).stdout, "True\n");
        assertEquals((await python(programText("reset"), portOf(line))).stdout, "ConnectionResetError\n");
        Deno.kill(exposed.pid, "SIGTERM");
        assertStrictEquals((await exposed.result(60_000)).signal, "SIGTERM");
        assertMatch((await python(programText("reset"), portOf(line))).stderr, /ConnectionRefusedError/);
      }),
  });
}

Deno.test({
  name: "expose --in: programs of the directory reach a server of the real network; at the end the file is removed",
  ignore,
  fn: () =>
    withDir(async (dir) => {
      await using server = start(["python3", "-c", programText("server"), "0"]);
      const port = await until("the server listens", () => /^ready (\d+)\n/.exec(server.output())?.[1]);
      await using exposed = start([libraryFile(), "expose", "--in", "--dir", dir, `5432=${port}`]);
      assertStrictEquals(await started(exposed), `127.0.0.1:${port} is led to from ${dir}/5432.sock\n`);
      const inside = await run(pythonIn(dir, programText("client"), "5432"));
      assertMatch(inside.stdout, /^127\.0\.0\.1:\d+ 3000000\n$/, "all has come, from a port of the real network's");
      const second = await run([libraryFile(), "expose", "--in", "--dir", dir, `5432=${port}`]);
      assertFails(second, 1, /5432\.sock: is taken$/m);
      Deno.kill(exposed.pid, "SIGKILL");
      await exposed.status;
      await using again = start([libraryFile(), "expose", "--in", "--dir", dir, `5432=${port}`]);
      await started(again);
      Deno.kill(again.pid, "SIGINT");
      assertStrictEquals((await again.result(60_000)).signal, "SIGINT");
      assertEquals([...Deno.readDirSync(dir)].map(({ name }) => name), []);
    }),
});

for (const [port, type] of [["5432", "SOCK_STREAM"], ["5432/udp", "SOCK_DGRAM"]] as const) {
  Deno.test({
    name: `expose --in ${port}: a server that has taken the port keeps it when the command ends`,
    ignore,
    fn: () =>
      withDir(async (dir) => {
        const name = type === "SOCK_STREAM" ? "5432.sock" : "5432.dgram.sock";
        await using exposed = start([libraryFile(), "expose", "--in", "--dir", dir, `${port}=9`]);
        await started(exposed);
        await Deno.remove(join(dir, name));
        await using taker = start(pythonIn(dir, programText("taker"), type));
        await until("the server has the port", () => taker.output().startsWith("ready"));
        Deno.kill(exposed.pid, "SIGTERM");
        assertStrictEquals((await exposed.result(60_000)).signal, "SIGTERM");
        assert((await Deno.lstat(join(dir, name))).isSymlink);
      }),
  });
}

Deno.test({
  name: "expose follows a control file, and resets a client if its target has no server",
  ignore,
  fn: () =>
    withDir(async (dir) => {
      await using _server = await serve(dir, programText("server"), 3000);
      const words = ["run", "--dir", dir, "--keep", "--map", `81=${dir}/3000.sock`, "true"];
      assertStrictEquals((await unsock(words)).code, 0);
      await using exposed = start([libraryFile(), "expose", "--dir", dir, "81=0", "82=0"]);
      const [mapped = "", nobody = ""] = await until("both are there", () => {
        const lines = exposed.output().split("\n").filter((line) => line.includes(" leads to "));
        return lines.length === 2 && lines;
      });
      await until("it warns", () => exposed.output().includes("nobody serves 82 in "));
      assert(!exposed.output().includes("nobody serves 81"), "a control file leads somewhere");
      const outside = ["make-control", "--dir", dir, "--port", "83", "--inet", `127.0.0.1:${portOf(mapped)}`];
      assertStrictEquals((await unsock(outside)).code, 0);
      await using further = start([libraryFile(), "expose", "--dir", dir, "83=0"]);
      for (const line of [mapped, await started(further)]) {
        assertMatch((await python(programText("client"), portOf(line))).stdout, /^\S+ 3000000\n$/);
      }
      assertEquals((await python(programText("reset"), portOf(nobody))).stdout, "ConnectionResetError\n");
    }),
});

Deno.test({
  name: `expose holds ${HELD} connections at once, and no descriptor afterwards`,
  ignore,
  fn: () =>
    withDir(async (dir) => {
      await using _server = await serve(dir, programText("server"), 3000);
      await using exposed = start([libraryFile(), "expose", "--dir", dir, "3000=0"]);
      const port = portOf(await started(exposed));
      const descriptors = () => [...Deno.readDirSync(`/proc/${exposed.pid}/fd`)].length;
      const before = descriptors();
      assertEquals((await python(programText("many"), port, `${HELD}`)).stdout, "True\n");
      await until("all are closed", () => descriptors() === before);
    }),
});

Deno.test({
  name: "expose: bulk data is whole in both directions, urgent data in it; a server that ends before it has read all",
  ignore,
  fn: () =>
    withDir(async (dir) => {
      await using exposed = start([libraryFile(), "expose", "--dir", dir, "3000=0"]);
      const port = portOf(await started(exposed));
      const opened = (kind: string) =>
        [...Deno.readDirSync(`/proc/${exposed.pid}/fd`)].map(({ name }) => `/proc/${exposed.pid}/fd/${name}`)
          .filter((path) => Deno.readLinkSync(path).startsWith(kind)).length;
      const before = opened("socket:");
      const { stdout, stderr } = await run(["python3", "-c", programText("bulk"), port, `${dir}/3000.sock`], {
        timeoutMs: 60_000,
      });
      assertStrictEquals(stdout, "[True, True]\n[True, True]\nfull\nConnectionResetError\n", stderr);
      await until("all are closed", () => opened("socket:") === before);
      assert(opened("pipe:") > 0, "it went by splice");
    }),
});

for (const engine of ["preload", "trap"]) {
  Deno.test({
    name: `expose below a private run (${engine}): the real network is meant`,
    ignore,
    fn: () =>
      withDir(async (dir) => {
        const script = `python3 -c "$0" 3000 & exec ${libraryFile()} expose 3000=0`;
        const words = [
          "run",
          "--private",
          "--dir",
          dir,
          "--engine",
          engine,
          "--",
          "sh",
          "-c",
          script,
          programText("server"),
        ];
        await using inside = start([libraryFile(), ...words]);
        const line = await until("both are there", () => /leads to[^]*ready|ready[^]*leads to/.test(inside.output()));
        assert(line);
        assertEquals((await python(programText("client"), portOf(inside.output()))).stdout, "True\n");
      }),
  });
}

Deno.test({
  name: "expose --control listens at the target of a control file, and the server keeps its clients in the directory",
  ignore,
  fn: () =>
    withDir(async (dir) => {
      using own = ownPort();
      const [place, port] = [join(dir, "place"), `${own.port}`];
      assertStrictEquals((await unsock(["make-control", place, "--inet", `127.0.0.1:${port}`])).code, 0);
      await using _server = await serve(dir, programText("server"), 3000);
      await using exposed = start([libraryFile(), "expose", "--dir", dir, "--control", place, "3000"]);
      await until("it is there", () => exposed.output() === `${place} leads to ${dir}/3000.sock\n`);
      assertEquals((await python(programText("client"), port)).stdout, "True\n");
      assertEquals((await run(pythonIn(dir, programText("client"), "3000"))).stdout, "True\n");
    }),
});

Deno.test("expose refuses a wrong command line in one line", () =>
  withDir(async (dir) => {
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const port = (taken.addr as Deno.NetAddr).port;
    const words: [string[], number, RegExp][] = [
      [[], 2, /expose: PORT\[=PORT\], --all or --http is missing/],
      [["--in", "--all"], 2, /--in: write the ports/],
      [["--control", "/x", "--all"], 2, /--control: write one TCP port/],
      [["--control", "/x", "53/udp"], 2, /--control: write one TCP port/],
      [["--control", "/nonexistent", "80"], 1, /\/nonexistent: No such file or directory/],
      [["80/sctp"], 2, /not a port from 1 to 65535/],
      [["--idle", "0", "53/udp"], 2, /--idle: not a number of seconds/],
      [["0"], 2, /not a port from 1 to 65535/],
      [["80=65536"], 2, /not a port from 1 to 65535/],
      [["80=x"], 2, /not a port from 1 to 65535/],
      [["--address", "localhost", "80=0"], 2, /--address: not an IP address: "localhost"/],
      [["--address", "192.0.2.1", "80=0"], 1, /192\.0\.2\.1:0: Cannot assign requested address/],
      [[`80=${port}`], 1, /is taken: write PORT=ANOTHER, or PORT=0 for any/],
      [["--dir", "/nonexistent/x", "80=0"], 1, /\/nonexistent does not exist/],
    ];
    for (const [more, code, line] of words) {
      assertFails(await run([libraryFile(), "expose", "--dir", dir, ...more]), code, line);
      assertFails(await unsock(["expose", "--dir", dir, ...more]), code, line);
    }
  }));

Deno.test({
  name: "expose warns if the port has no server yet, and goes on",
  ignore,
  fn: () =>
    withDir(async (dir) => {
      const warning = `unsock: expose: nobody serves 3000 in ${dir} yet: clients are refused until a server starts\n`;
      const words = [libraryFile(), "expose", "--dir", dir, "3000=0"];
      await using early = start(words);
      await until("it warns", () => early.output().endsWith(warning));
      assertMatch(early.output(), /^\S+ leads to \S+\n/);
      const port = portOf(early.output());
      assertMatch((await python(programText("reset"), port)).stdout, /^ConnectionResetError\n$/);
      const server = await serve(dir, programText("server"), 3000);
      assertEquals((await python(programText("client"), port)).stdout, "True\n");

      await using later = start(words);
      await started(later);
      assertEquals((await python(programText("client"), portOf(later.output()))).stdout, "True\n");
      assert(!later.output().includes("nobody"), later.output());
      Deno.kill(server.pid, "SIGKILL");
      await server.status;
      await using killed = start(words);
      await until("it warns", () => killed.output().endsWith(warning));
      await using within = start([libraryFile(), "expose", "--in", "--dir", dir, "81=9"]);
      await started(within);
      assert(!within.output().includes("nobody"), within.output());
    }),
});
