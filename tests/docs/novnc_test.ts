/** docs/novnc.md, up to a browser that shows the screen. */
import { assertMatch } from "@std/assert";
import { dirname } from "@std/path/posix";
import { assertNoIpListener } from "../support/net.ts";
import { start } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { until } from "../support/wait.ts";
import { Browser } from "./browser.ts";
import { Reader } from "./page.ts";

const WIDTH = 321;
const HEIGHT = 243;
const isRoot = Deno.uid() === 0;

Deno.test({
  name: "docs: a browser sees a screen by noVNC behind nginx, with VNC server and websockify off the network",
  ignore: !need("Xvfb", "x11vnc", "websockify", "novnc", "nginx", "chromium"),
  fn: async () => {
    const screen = `${WIDTH}x${HEIGHT}x24`;
    await using display = start(["Xvfb", "-displayfd", "1", "-screen", "0", screen]);
    const number = await until("Xvfb is ready", () => /^(\d+)\n/m.exec(display.output())?.[1]);
    const port = freePort();
    await Reader.with("novnc", async (reader, dir) => {
      await reader.start("x11vnc", `${dir}/vnc/5900.sock`);
      await reader.start("websockify", `${dir}/vnc/6080.sock`);
      // The page's /run is open to www-data, the test's own directories are not.
      for (const open of [dir, dirname(dir)]) Deno.chmodSync(open, 0o755);
      await Deno.writeTextFile(`${dir}/nginx.conf`, nginxConfiguration(dir, reader.block("nginx", "proxy_pass")));
      await using nginx = start(["nginx", "-e", "stderr", "-p", dir, "-c", `${dir}/nginx.conf`]);
      await using browser = await Browser.open(dir);
      const url = `http://localhost:${port}/vnc.html?autoconnect=1`;
      await until("nginx answers", () => fetch(url).then(isServed, () => false));
      await browser.visit(url);
      const sizes = '[...document.querySelectorAll("canvas")].map(({width, height}) => `${width}x${height}`).join()';
      try {
        await until("noVNC shows the screen", async () => {
          const seen = await browser.evaluate(sizes);
          return seen.split(",").includes(`${WIDTH}x${HEIGHT}`);
        }, 20_000);
      } catch (error) {
        const page = await browser.evaluate("document.documentElement.outerHTML.slice(0, 3000)");
        throw new Error([reader.outputs(), nginx.output(), page].join("\n"), { cause: error });
      }
      assertMatch(await browser.evaluate("document.documentElement.className"), /noVNC_connected/);
      for (const internal of [5900, 6080]) assertNoIpListener(internal);
    }, {
      places: (dir) => ({
        "-display :1": `-display :${number}`,
        "127.0.0.1:8080": `127.0.0.1:${port}`,
        "/run/novnc": `${dir}/vnc`,
        // An ordinary user is in no group of nginx's; its workers are then the same user.
        "--group www-data": isRoot ? "--group www-data" : `--group ${Deno.gid()}`,
      }),
    });
  },
});

async function isServed(answer: Response): Promise<boolean> {
  await answer.body?.cancel();
  return answer.ok;
}

/** A port for nginx: free a moment ago. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

function nginxConfiguration(dir: string, server: string): string {
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${dir}/${name};`);
  return `
daemon off;
pid ${dir}/nginx.pid;
${isRoot ? "user www-data;" : ""}
error_log stderr;
events {}
http {
access_log off;
types { text/html html; text/javascript js; text/css css; application/json json; }
${paths.join("\n")}
${server}
}
`;
}
