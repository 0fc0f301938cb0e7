/**
 * HTTP/3: curl fetches from nginx, and through HAProxy, which makes a socket for each client, bound and connected beside the
 * one that all first write to.
 */
import { assertStrictEquals } from "@std/assert";
import { need } from "../support/programs.ts";
import { randomBytes } from "node:crypto";
import { certify } from "./certificate.ts";
import { HAPROXY_DEFAULTS } from "./haproxy.ts";
import { type Rig, withRig } from "./rig.ts";

const ignore = !need("nginx", "haproxy", "curl", "openssl");
const CLIENTS = 5;

function nginxText({ files }: Rig): string {
  return `daemon off; worker_processes 1; pid ${files}/nginx.pid; error_log stderr crit;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path ${files}; proxy_temp_path ${files}; fastcgi_temp_path ${files};
  uwsgi_temp_path ${files}; scgi_temp_path ${files};
  server {
    listen 127.0.0.1:17281 quic; listen 127.0.0.1:17282;
    ssl_certificate ${files}/certificate; ssl_certificate_key ${files}/key;
    root ${files}/pages;
  }
}
`;
}

/** Two threads, so that each socket is in two epoll sets. */
function haproxyText({ files }: Rig): string {
  return `global
  limited-quic
  nbthread 2${HAPROXY_DEFAULTS}
frontend front
  bind quic4@127.0.0.1:17283 ssl crt ${files}/both alpn h3
  default_backend back
backend back
  server behind 127.0.0.1:17282
`;
}

/** Several clients fetch it, one after another and at once. */
async function fetch(rig: Rig, port: number, page: string): Promise<void> {
  const url = `https://127.0.0.1:${port}/page`;
  const curl = ["curl", "--http3-only", "-sS", "--cacert", `${rig.files}/certificate`, url];
  for (const cli of [false, true]) assertStrictEquals((await rig.client(curl, { cli })).stdout, page);
  const all = await Promise.all(Array.from({ length: CLIENTS }, () => rig.client(curl)));
  for (const { stdout } of all) assertStrictEquals(stdout, page);
}

Deno.test("curl fetches by HTTP/3 from nginx, and through HAProxy", { ignore }, async () => {
  await withRig(async (rig) => {
    const page = randomBytes(100_000).toString("hex");
    Deno.mkdirSync(`${rig.files}/pages`);
    rig.write("pages/page", page);
    await certify(rig);
    const both = ["certificate", "key"].map((name) => Deno.readTextFileSync(`${rig.files}/${name}`)).join("");
    rig.write("both", both);
    const nginx = ["nginx", "-p", rig.files, "-c", rig.write("nginx.conf", nginxText(rig)), "-e", "stderr"];
    Deno.chmodSync(`${rig.files}/key`, 0o644);
    await rig.server(rig.unprivileged(nginx), { tcp: [17282], udp: [17281] });
    await fetch(rig, 17281, page);
    await rig.server(["haproxy", "-db", "-f", rig.write("haproxy.cfg", haproxyText(rig))], { udp: [17283], cli: true });
    await fetch(rig, 17283, page);
  });
});
