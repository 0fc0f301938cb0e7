/** Apache: many threads in several processes on one listener, helpers of its own, and restarts that nobody notices. */
import { assertMatch, assertStrictEquals } from "@std/assert";
import { need } from "../support/programs.ts";
import { until } from "../support/wait.ts";
import { type Rig, withRig } from "./rig.ts";

const MODULES = ["mpm_event", "authz_core", "mime", "cgid", "proxy", "proxy_http", "http2"];
const BODY = "0123456789".repeat(10_000);
const CGI = `#!/bin/sh
echo
echo "$REMOTE_ADDR $SERVER_PORT"
`;

function apache(rig: Rig, port: number): string[] {
  rig.write("page.txt", BODY);
  Deno.chmodSync(rig.write("who.cgi", CGI), 0o755);
  const config = rig.write(
    "apache.conf",
    `${MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join("\n")}
     ServerRoot ${rig.files}
     ServerName localhost
     TypesConfig /dev/null
     PidFile ${rig.files}/apache.pid
     DefaultRuntimeDir ${rig.files}
     ScriptSock ${rig.files}/cgid
     ErrorLog ${rig.files}/errors
     Listen 127.0.0.1:${port}
     Listen [::1]:${port}
     StartServers 2
     Protocols h2c http/1.1
     DocumentRoot ${rig.files}
     ProxyPass /behind/ http://127.0.0.1:${port}/
     <Directory ${rig.files}>
       Require all granted
       Options +ExecCGI
       AddHandler cgi-script .cgi
     </Directory>\n`,
  );
  return rig.unprivileged(["apache2", "-DFOREGROUND", "-f", config]);
}

const ignore = !need("apache2", "curl", "ab");

Deno.test("Apache serves both families, HTTP/2, a CGI script, and itself as a proxy", { ignore }, async () => {
  await withRig(async (rig) => {
    await rig.server(apache(rig, 17441), { tcp: [17441], cli: true });
    const pages = ["127.0.0.1:17441/page.txt", "[::1]:17441/page.txt", "127.0.0.1:17441/behind/page.txt"];
    for (const page of pages) {
      for (const version of ["--http1.1", "--http2-prior-knowledge"]) {
        const curl = rig.unprivileged(["curl", "-sSf", version, `http://${page}`]);
        assertStrictEquals((await rig.client(curl)).stdout, BODY);
      }
    }
    const curl = rig.unprivileged(["curl", "-sSf", "http://127.0.0.1:17441/who.cgi"]);
    assertStrictEquals((await rig.client(curl, { cli: true })).stdout, "127.0.0.1 17441\n");
  });
});

Deno.test("Apache restarts three times under ab, and no request fails", { ignore }, async () => {
  await withRig(async (rig) => {
    const server = await rig.server(apache(rig, 17442), { tcp: [17442] });
    const starts = () => Deno.readTextFileSync(`${rig.files}/errors`).split("resuming normal operations").length - 1;
    await until("Apache has started", () => starts() === 1);
    const ab = rig.unprivileged(["ab", "-q", "-c", "8", "-n", "3000", "http://127.0.0.1:17442/page.txt"]);
    const load = rig.client(ab);
    for (const start of [2, 3, 4]) {
      Deno.kill(server.pid, "SIGUSR1");
      await until(`Apache has started ${start} times`, () => starts() === start);
    }
    const { stdout } = await load;
    assertMatch(stdout, /Complete requests: +3000\n/);
    assertMatch(stdout, /Failed requests: +0\n/);
    Deno.kill(server.pid, "SIGTERM");
    assertStrictEquals((await server.status).code, 0);
    assertStrictEquals([...Deno.readDirSync(rig.sockets)].filter(({ name }) => name.includes("17442")).length, 0);
  });
});
