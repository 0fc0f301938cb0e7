/** Servers that know nothing of service managers, started by systemd's when the first client comes. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { buildProbe } from "../support/probe.ts";
import { type Proc, run, start } from "../support/process.ts";
import { findProgram, need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";
import { until } from "../support/wait.ts";

const ACTIVATE = "systemd-socket-activate";

/** The library as a program, as a unit has it. */
const under = (dir: string, command: string[]) => [libraryFile(), "run", "--dir", dir, "--", ...command];

/** Listens at a file of the directory for a command. */
async function activated(dir: string, file: string, engine: string, command: string[]): Promise<Proc> {
  const options = file.endsWith(".dgram.sock") ? ["--datagram"] : [];
  const wanted = ["-E", `UNSOCK_ENGINE=${engine}`, "-l", join(dir, file), ...options];
  const manager = start([findProgram(ACTIVATE) ?? "", ...wanted, ...under(dir, command)]);
  // The file is there before that.
  await until("the manager listens", () => /^Listening on /m.test(manager.output()));
  return manager;
}

const FETCH = `import urllib.request; print(urllib.request.urlopen("http://127.0.0.1:8000/").status)`;

for (const engine of ["auto", "trap"]) {
  Deno.test({
    name: `Python's web server is started by its first client, at a port that it binds itself (${engine})`,
    ignore: !need(ACTIVATE, "python3"),
    fn: () =>
      withDir(async (dir) => {
        const server = ["python3", "-m", "http.server", "--bind", "127.0.0.1", "8000"];
        await using manager = await activated(dir, "8000.sock", engine, server);
        for (let i = 0; i < 3; i++) {
          const { stdout, stderr } = await run(under(dir, ["python3", "-c", FETCH]));
          assertStrictEquals(stdout, "200\n", stderr + manager.output());
        }
        assertEquals(manager.output().match(/Address already in use/), null);
      }),
  });
}

for (const [type, file] of [["stream", "8000.sock"], ["datagram", "8000.dgram.sock"]] as const) {
  for (const door of ["preload", "static", "raw"] as const) {
    Deno.test({
      name: `a ${type} server (${door}) is started by its first client, and sees its IP address`,
      ignore: !need(ACTIVATE, "cc"),
      fn: () =>
        withDir(async (dir) => {
          const server = [await buildProbe("one_server", [], door), type, "127.0.0.1", "8000"];
          const client = [await buildProbe("one_client"), type, "127.0.0.1", "8000"];
          await using manager = await activated(dir, file, door === "preload" ? "auto" : "trap", server);
          const asked = await run(under(dir, client));
          assertMatch(asked.stdout, type === "stream" ? /^connect: ok$/m : /^sendto: ok$/m, asked.stderr);
          const { code } = await manager.result(60_000);
          assertStrictEquals(code, 0, manager.output());
          assertMatch(manager.output(), /^bind: ok\nport: 8000\n(accepted|received) from: 127\.0\.0\.1 \d+$/m);
        }),
    });
  }
}
