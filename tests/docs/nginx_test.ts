/** docs/nginx.md and docs/php-fpm.md, as the users that they speak of: the server's, nginx's workers, and a third. */
import { assert, assertMatch } from "@std/assert";
import { assertNoIpListener } from "../support/net.ts";
import { ownPort } from "../support/own_port.ts";
import { need } from "../support/programs.ts";
import { CLIENT, SERVER } from "../support/users.ts";
import { until } from "../support/wait.ts";
import { startNginx, WWW_DATA } from "./nginx_rig.ts";
import { Reader } from "./page.ts";

const isRoot = Deno.uid() === 0;
const LISTING = /Directory listing for/;

/** The users and paths here for those of the pages. */
const places = (port: number) => (dir: string) => ({
  "127.0.0.1:8080": `127.0.0.1:${port}`,
  "/run/app": `${dir}/app`,
  "/srv/www": `${dir}/www`,
  "fpm.conf": `${dir}/fpm.conf`,
  "-o app -g www-data": isRoot ? `-o ${SERVER} -g ${WWW_DATA}` : `-o ${Deno.uid()} -g ${Deno.gid()}`,
  "listen.owner = app": `listen.owner = ${isRoot ? SERVER : Deno.uid()}`,
  "listen.group = www-data": `listen.group = ${WWW_DATA}`,
  // Debian's name has the version; elsewhere, and with other versions, it is another one.
  "php-fpm8.4": fpmName() ?? "php-fpm8.4",
});

const curlAnswers = (url: string, reader: Reader) =>
  until("nginx answers", async () => (await reader.tryRun(url, 0, { uid: CLIENT })).code === 0);

Deno.test({
  name: "docs: nginx's workers reach an application that has no port, a third user does through nginx alone",
  ignore: !need("python3", "curl", "nginx"),
  fn: async () => {
    using own = ownPort();
    const { port } = own;
    await Reader.with("nginx", async (reader, dir) => {
      Deno.chmodSync(dir, 0o755);
      await reader.run("install -d");
      await reader.start("http.server", `${dir}/app/8000.sock`, 0, { uid: SERVER });
      await using nginx = startNginx(dir, reader.block("nginx", "proxy_pass"));
      await curlAnswers("curl http", reader);
      assertMatch((await reader.run("curl http", 0, { uid: CLIENT })).stdout, LISTING, nginx.output());
      const around = await reader.tryRun("--unix-socket", 0, { uid: CLIENT });
      assert(isRoot ? around.code !== 0 && around.stdout === "" : around.code === 0, around.stderr);
      if (isRoot) assertMatch(around.stderr, /curl: \(7\) Failed to connect/);
      assertNoIpListener(8000);
    }, { users: true, places: places(port) });
  },
});

Deno.test({
  name: "docs: PHP-FPM's workers, as www-data, connect to a service of another user that has no port",
  ignore: !need("python3", "curl", "nginx", "php-fpm"),
  fn: async () => {
    using own = ownPort();
    const { port } = own;
    await Reader.with("php-fpm", async (reader, dir) => {
      Deno.chmodSync(dir, 0o755);
      await reader.run("install -d");
      await reader.start("http.server", `${dir}/app/8000.sock`, 0, { uid: SERVER });
      Deno.mkdirSync(`${dir}/www`);
      Deno.writeTextFileSync(`${dir}/www/index.php`, reader.block("php", "<?php"));
      for (const open of ["www", "www/index.php"]) Deno.chmodSync(`${dir}/${open}`, 0o755); // whatever the umask
      Deno.writeTextFileSync(`${dir}/fpm.conf`, reader.block("ini", "[www]"));
      await reader.start("--fpm-config", `${dir}/app/fpm.sock`);
      await using nginx = startNginx(dir, reader.block("nginx", "fastcgi_pass"));
      await curlAnswers("curl http", reader);
      const { stdout } = await reader.run("curl http", 0, { uid: CLIENT });
      assertMatch(stdout, /^PHP got: [^]*Directory listing for/, nginx.output() + reader.outputs());
      assertNoIpListener(8000);
    }, { users: true, places: places(port) });
  },
});

/** Debian's PHP-FPM: the name of the program has the version in it. */
function fpmName(): string | undefined {
  return Array.from(Deno.readDirSync("/usr/sbin"), ({ name }) => name).find((name) => /^php-fpm\d/.test(name));
}
