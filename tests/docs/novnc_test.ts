/** docs/novnc.md, up to a browser that shows the screen. */
import { assertMatch } from "@std/assert";
import { assertNoIpListener } from "../support/net.ts";
import { start } from "../support/process.ts";
import { ownPort } from "../support/own_port.ts";
import { need } from "../support/programs.ts";
import { SERVER } from "../support/users.ts";
import { until } from "../support/wait.ts";
import { Browser } from "./browser.ts";
import { startNginx, WWW_DATA } from "./nginx_rig.ts";
import { Reader } from "./page.ts";

const WIDTH = 321;
const HEIGHT = 243;
const isRoot = Deno.uid() === 0;

Deno.test({
  name: "docs: a browser sees a screen by noVNC behind nginx, with VNC server and websockify off the network",
  ignore: !need("Xvfb", "x11vnc", "websockify", "novnc", "nginx", "chromium"),
  fn: async () => {
    const screen = `${WIDTH}x${HEIGHT}x24`;
    await using display = start(["Xvfb", "-ac", "-displayfd", "1", "-screen", "0", screen]);
    const number = await until("Xvfb is ready", () => /^(\d+)\n/m.exec(display.output())?.[1]);
    using own = ownPort();
    const { port } = own;
    await Reader.with("novnc", async (reader, dir) => {
      Deno.chmodSync(dir, 0o755);
      if (isRoot) makeForServer(`${dir}/vnc`);
      const server = { uid: SERVER, groups: [WWW_DATA] };
      await reader.start("x11vnc", `${dir}/vnc/5900.sock`, 0, server);
      await reader.start("websockify", `${dir}/vnc/6080.sock`, 0, server);
      const types = "text/html html; text/javascript js; text/css css; application/json json;";
      await using nginx = startNginx(dir, reader.block("nginx", "proxy_pass"), types);
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
      users: true,
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

/** As the page tells root to do it. */
function makeForServer(directory: string): void {
  Deno.mkdirSync(directory);
  Deno.chownSync(directory, SERVER, WWW_DATA);
  Deno.chmodSync(directory, 0o2770);
}
