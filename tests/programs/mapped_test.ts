/** Servers whose port leads to a path elsewhere (`run --map`): the socket file there is theirs, and goes with them. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { assertNoIpListener } from "../support/net.ts";
import { run, start } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { unsockRun } from "../support/shim.ts";
import { until } from "../support/wait.ts";

const PORT = 8080;
const WORKERS = 3;

/** The first word of an answer is the worker's process. */
function configuration(dir: string): string {
  return `
daemon off;
user root;
worker_processes ${WORKERS};
pid ${dir}/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path ${dir}/body;
  proxy_temp_path ${dir}/proxy;
  fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi;
  scgi_temp_path ${dir}/scgi;
  server {
    listen 127.0.0.1:${PORT};
    location / { return 200 "$pid\\n"; }
  }
}
`;
}

/** @returns What a program that knows nothing of unsock is answered. */
async function ask(path: string): Promise<string> {
  return (await run(["curl", "-sS", "--max-time", "10", "--unix-socket", path, "http://x/"])).stdout.trim();
}

Deno.test("nginx at a path of --map: the file outlives its workers and reloads, and goes with the master", {
  ignore: !need("nginx", "curl"),
}, () =>
  withDir(async (dir) => {
    const [sockets, elsewhere] = [`${dir}/s`, `${dir}/e`];
    await Deno.mkdir(elsewhere);
    const path = `${elsewhere}/web`;
    await Deno.writeTextFile(`${dir}/nginx.conf`, configuration(dir));
    const command = ["nginx", "-e", "stderr", "-p", dir, "-c", `${dir}/nginx.conf`];
    for (const signal of ["SIGQUIT", "SIGTERM"] as const) {
      await using nginx = start(unsockRun(sockets, command, ["--map", `${PORT}=${path}`]));
      const first = await until("nginx answers", () => ask(path));
      assertNoIpListener(PORT);
      const { ino } = await Deno.lstat(path);
      Deno.kill(Number(first), "SIGTERM");
      Deno.kill(nginx.pid, "SIGHUP");
      const gone = () => Deno.stat(`/proc/${first}`).then(() => false, () => true);
      await until("the worker has gone", gone);
      assert(Number(await until("nginx answers again", () => ask(path))) > 0, nginx.output());
      assertStrictEquals((await Deno.lstat(path)).ino, ino);
      Deno.kill(nginx.pid, signal);
      await nginx.status;
      await until("its workers have gone, too", () => [...Deno.readDirSync(elsewhere)].length === 0);
      assertEquals(Array.from(Deno.readDirSync(sockets), ({ name }) => name), [`${PORT}.sock`], "the control file");
    }
  }));
