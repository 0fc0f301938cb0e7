/** Servers whose port leads to a path elsewhere (`run --map`): the socket file there is theirs, and goes with them. */
import { assert, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { assertNoIpListener } from "../support/net.ts";
import { nginxWith } from "../support/nginx.ts";
import { isAlive, run, start } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { unsockRun } from "../support/library.ts";
import { until } from "../support/wait.ts";

const PORT = 8080;
const WORKERS = 3;

/** @returns The answer that a program without unsock gets. */
async function ask(path: string): Promise<string> {
  return (await run(["curl", "-sS", "--max-time", "10", "--unix-socket", path, "http://x/"])).stdout.trim();
}

Deno.test("nginx at a path of --map: the file outlives workers and reloads, and is removed with the master", {
  ignore: !need("nginx", "curl"),
}, () =>
  withDir(async (dir) => {
    const [sockets, elsewhere] = [`${dir}/s`, `${dir}/e`];
    await Deno.mkdir(elsewhere);
    const path = `${elsewhere}/web`;
    // The answer is the worker's process.
    const command = await nginxWith(dir, PORT, 'return 200 "$pid\\n";', WORKERS);
    for (const signal of ["SIGQUIT", "SIGTERM"] as const) {
      await using nginx = start(unsockRun(sockets, command, ["--map", `${PORT}=${path}`]));
      const first = await until("nginx answers", () => ask(path));
      assertNoIpListener(PORT);
      const { ino } = await Deno.lstat(path);
      Deno.kill(Number(first), "SIGTERM");
      Deno.kill(nginx.pid, "SIGHUP");
      const gone = () => !isAlive(first);
      await until("the worker has gone", gone);
      assert(Number(await until("nginx answers again", () => ask(path))) > 0, nginx.output());
      assertStrictEquals((await Deno.lstat(path)).ino, ino);
      Deno.kill(nginx.pid, signal);
      await nginx.status;
      await until("its workers have gone, too", () => [...Deno.readDirSync(elsewhere)].length === 0);
      await until("the control file has gone with nginx", () => [...Deno.readDirSync(sockets)].length === 0);
    }
  }));
