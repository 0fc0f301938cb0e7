/** haproxy: health checks that notice a server's end, and a balanced choice between servers. */
import { assertEquals } from "@std/assert";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import type { Proc } from "../support/process.ts";
import { until } from "../support/wait.ts";
import { HAPROXY_DEFAULTS } from "./haproxy.ts";
import { type Rig, withRig } from "./rig.ts";

const programText = programsOf(import.meta);

const ignore = !need("haproxy", "python3", "curl");
const PYTHON = "/usr/bin/python3";

const CONFIG = `
global
  maxconn 100${HAPROXY_DEFAULTS}
frontend web
  bind 127.0.0.1:17201
  option forwardfor
  default_backend app
frontend numbers
  bind 127.0.0.1:17202
  stats enable
  stats uri /
backend app
  balance roundrobin
  option httpchk GET /
  server one 127.0.0.1:17203 check inter 200 fall 2 rise 1
  server two 127.0.0.1:17204 check inter 200 fall 2 rise 1
`;

function startBackend(rig: Rig, port: number, cli: boolean): Promise<Proc> {
  return rig.server([PYTHON, rig.write("backend.py", programText("backend")), `${port}`], { tcp: [port], cli });
}

/** Reads the health of both servers from haproxy's statistics. */
async function health(rig: Rig): Promise<string> {
  const { stdout } = await rig.client(["curl", "-sSf", "http://127.0.0.1:17202/;csv"]);
  const rows = stdout.split("\n").map((line) => line.split(","));
  const column = rows[0]?.indexOf("status") ?? -1;
  return rows.filter(([backend, server]) => backend === "app" && server !== "BACKEND").map((row) => row[column]).join();
}

async function answers(rig: Rig): Promise<string[]> {
  const { stdout } = await rig.client(["curl", "-sSf", "http://127.0.0.1:17201/?[1-6]"]);
  return [...new Set(stdout.trim().split("\n"))].sort();
}

Deno.test("haproxy balances two servers and takes one out when it stops answering", { ignore }, async () => {
  await withRig(async (rig) => {
    await startBackend(rig, 17203, true);
    const two = await startBackend(rig, 17204, false);
    const config = rig.write("haproxy.cfg", CONFIG);
    await rig.server(["haproxy", "-db", "-f", config], { tcp: [17201, 17202], cli: true });
    await until("both servers are up", async () => await health(rig) === "UP,UP");
    assertEquals(await answers(rig), ["17203 127.0.0.1", "17204 127.0.0.1"]);

    await rig.end(two);
    await until("the second server is down", async () => await health(rig) === "UP,DOWN");
    assertEquals(await answers(rig), ["17203 127.0.0.1"]);

    await startBackend(rig, 17204, false);
    await until("the second server is up again", async () => await health(rig) === "UP,UP");
    assertEquals(await answers(rig), ["17203 127.0.0.1", "17204 127.0.0.1"]);
  });
});
