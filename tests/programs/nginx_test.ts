/** nginx: several workers on one listening socket, and a proxy that registers with epoll before it connects. */
import { assertMatch, assertStrictEquals } from "@std/assert";
import { createHash, randomBytes } from "node:crypto";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { until } from "../support/wait.ts";
import { type Rig, withRig } from "./rig.ts";

const programText = programsOf(import.meta);

const ignore = !need("nginx", "curl");
const PYTHON = "/usr/bin/python3";

interface Config {
  main?: string;
  http: string;
}

/** The command that runs nginx in the foreground with everything that it writes in the rig. */
function nginx(rig: Rig, { main = "", http }: Config): string[] {
  const { files } = rig;
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const config = rig.write(
    "nginx.conf",
    `daemon off; worker_processes 2; pid ${files}/nginx.pid; error_log stderr notice; ${main}
     events { worker_connections 256; }
     http {
       access_log ${files}/access.log;
       ${temporary.map((name) => `${name}_temp_path ${files}/${name};`).join("\n")}
       ${http}
     }\n`,
  );
  return ["nginx", "-e", "stderr", "-p", files, "-c", config];
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

Deno.test(
  "nginx as root with two unprivileged workers serves a file",
  { ignore: ignore || Deno.uid() !== 0 },
  async () => {
    await withRig(async (rig) => {
      const content = randomBytes(3 << 20);
      rig.write("file", content);
      const http = `server { listen 127.0.0.1:17141; location / { root ${rig.files}; } }`;
      const server = await rig.server(nginx(rig, { main: "user nobody nogroup;", http }), { tcp: [17141], cli: true });
      const target = `${rig.files}/fetched`;
      for (const cli of [false, true]) {
        await rig.client(["curl", "-sSf", "-o", target, "http://127.0.0.1:17141/file"], { cli });
        assertStrictEquals(sha256(Deno.readFileSync(target)), sha256(content));
      }
      assertStrictEquals(server.output().match(/start worker process \d+/g)?.length, 2);
      assertMatch(Deno.readTextFileSync(`${rig.files}/access.log`), /^127\.0\.0\.1 - /);
    });
  },
);

Deno.test("nginx as a plain user serves on IPv4, IPv6 and a wildcard of the same port", { ignore }, async () => {
  await withRig(async (rig) => {
    rig.write("file", "from nginx\n");
    const http = `server { listen 17142; listen [::]:17142; location / { root ${rig.files}; } }`;
    await rig.server(rig.unprivileged(nginx(rig, { http })), { tcp: [17142] });
    for (const host of ["127.0.0.1", "[::1]", "localhost", "127.8.9.10"]) {
      const { stdout } = await rig.client(["curl", "-sSf", "-g", `http://${host}:17142/file`]);
      assertStrictEquals(stdout, "from nginx\n", host);
    }
  });
});

Deno.test("nginx reloads its configuration and goes on serving the same port", { ignore }, async () => {
  await withRig(async (rig) => {
    const page = (text: string) => `server { listen 127.0.0.1:17143; location / { return 200 "${text}\\n"; } }`;
    const server = await rig.server(nginx(rig, { http: page("old") }), { tcp: [17143] });
    assertStrictEquals((await rig.client(["curl", "-sSf", "http://127.0.0.1:17143/"])).stdout, "old\n");
    nginx(rig, { http: page("new") });
    Deno.kill(Number(Deno.readTextFileSync(`${rig.files}/nginx.pid`)), "SIGHUP");
    while (!/worker process \d+ exited with code 0/.test(server.output())) {
      await rig.client(["curl", "-sSf", "http://127.0.0.1:17143/"]);
    }
    assertStrictEquals((await rig.client(["curl", "-sSf", "http://127.0.0.1:17143/"])).stdout, "new\n");
  });
});

function proxy(port: number, upstream: number, nobody: number): string {
  return `
    upstream app { server 127.0.0.1:${upstream}; keepalive 4; }
    server {
      listen 127.0.0.1:${port};
      location / {
        proxy_pass http://app; proxy_http_version 1.1; client_max_body_size 8m;
        proxy_set_header Connection ""; proxy_set_header X-Real-IP $remote_addr;
      }
      location /nobody { proxy_pass http://127.0.0.1:${nobody}; }
    }`;
}

/** Posts 2 MiB five times through the proxy. */
async function post(rig: Rig, port: number): Promise<void> {
  const size = 2 << 20;
  const data = ["--data-binary", `@${rig.write("body", randomBytes(size))}`];
  for (let i = 0; i < 5; i++) {
    const { stdout } = await rig.client(["curl", "-sSf", ...data, `http://127.0.0.1:${port}/`]);
    assertStrictEquals(stdout, `${size} from 127.0.0.1 by 127.0.0.1\n`);
  }
}

Deno.test("nginx proxies to an upstream on another port, and passes the client's address on", { ignore }, async () => {
  await withRig(async (rig) => {
    const upstream = rig.unprivileged([PYTHON, rig.write("upstream.py", programText("upstream")), "17145"]);
    await rig.server(upstream, { tcp: [17145], cli: true });
    const server = await rig.server(rig.unprivileged(nginx(rig, { http: proxy(17144, 17145, 17146) })), {
      tcp: [17144],
    });
    await post(rig, 17144);
    const { stdout } = await rig.client(["curl", "-sS", "http://127.0.0.1:17144/nobody"]);
    assertMatch(stdout, /502 Bad Gateway/);
    await until("nginx logs why", () => /connect\(\) failed \(111: Connection refused\).*:17146/.test(server.output()));
  });
});

Deno.test("nginx's unprivileged workers reach root's upstream, when its socket file has a mode that lets them", {
  ignore: ignore || Deno.uid() !== 0,
}, async () => {
  await withRig(async (rig) => {
    // TCP has no owner, a file has: the workers are another user, so directory and file must admit them.
    Deno.chmodSync(rig.sockets, 0o755);
    const env = { UNSOCK_MODE: "666" };
    await rig.server([PYTHON, rig.write("upstream.py", programText("upstream")), "17148"], {
      tcp: [17148],
      cli: true,
      env,
    });
    await rig.server(nginx(rig, { main: "user nobody nogroup;", http: proxy(17147, 17148, 17149) }), { tcp: [17147] });
    await post(rig, 17147);
  });
});
