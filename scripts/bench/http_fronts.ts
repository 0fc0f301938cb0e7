/** The HTTP fronts that `deno task bench:http` compares, all in front of one server, and how to start them. */
import * as path from "@std/path/posix";
import { SMALL_HEAP } from "../../lib/system/heap.ts";
import { bundleProgram } from "../dist/bundle.ts";
import type { Files } from "../../tests/support/certificates.ts";
import { output, ROOT } from "./rig.ts";

/** The npm package portless, which is only measured: unsock itself does not need it. */
const PORTLESS = "portless@0.15.6";
const LIBRARY = path.join(ROOT, "build", "libunsock.so");
const LARGE = 1_000_000;

/** The directory, socket, ports and certificate of a measurement. */
export interface Place {
  readonly stage: string;
  readonly socket: string;
  /** The TCP port at which the server is asked directly. */
  readonly server: number;
  /** The front's TCP port. */
  readonly port: number;
  readonly certificate: Files;
}

export interface Front {
  readonly name: string;
  readonly isSecure?: boolean;
  /** Writes the front's configuration. Returns its command, or undefined if clients ask the server directly. */
  command(place: Place): string[] | undefined;
  /** Runs after the start of the front's process, before the front has answered. */
  ready?(place: Place): Promise<void>;
}

/** A server on a Unix socket. It reads uploads, and echoes the bytes of WebSockets. */
const ECHO = `import http from "node:http";
http.createServer((request, answer) => {
  request.resume().on("end", () => answer.end("hello\\n"));
}).on("upgrade", (_request, socket) => {
  socket.on("error", () => {});
  socket.write("HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n\\r\\n");
  socket.pipe(socket);
}).listen(process.argv[2]);
`;

/** A proxy of a few lines. Node.js and Deno run the same text. */
const PLAIN = `import http from "node:http";
import https from "node:https";
import { readFileSync } from "node:fs";
const [port, socketPath, cert, key] = process.argv.slice(2);
const server = cert ? https.createServer({ cert: readFileSync(cert), key: readFileSync(key) }) : http.createServer();
const ask = ({ method, url: path, headers }, more) => http.request({ socketPath, method, path, headers, ...more });
server.on("request", (request, answer) => {
  request.pipe(ask(request).on("error", () => answer.destroy()).on("response", (response) => {
    const { connection: _, ...headers } = response.headers;
    answer.writeHead(response.statusCode, headers);
    response.pipe(answer);
  }));
}).on("upgrade", (request, client) => {
  ask(request, { agent: false }).on("upgrade", (response, server) => {
    client.write("HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n\\r\\n");
    for (const one of [client, server]) one.on("error", () => {});
    server.pipe(client).pipe(server);
  }).end();
}).listen(Number(port), "127.0.0.1");
`;

const NGINX = `daemon off; pid STAGE/NAME.pid; error_log /dev/null; worker_processes 1;
events { worker_connections 4096; }
http { access_log off; client_max_body_size 0; client_body_temp_path STAGE/a; proxy_temp_path STAGE/b;
fastcgi_temp_path STAGE/c; uwsgi_temp_path STAGE/d; scgi_temp_path STAGE/e; keepalive_requests 1000000;
proxy_http_version 1.1; proxy_request_buffering off; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $http_connection;
proxy_set_header Host $host; server { BODY } }
`;

function write(file: string, text: string): string {
  Deno.writeTextFileSync(file, text);
  return file;
}

function nginxWith(stage: string, name: string, body: string): string[] {
  const text = NGINX.replaceAll("STAGE", stage).replace("NAME", name).replace("BODY", body);
  const file = write(`${stage}/${name}.conf`, Deno.uid() === 0 ? `user root; ${text}` : text);
  return ["nginx", "-p", stage, "-c", file];
}

function nginx({ stage, socket, port }: Place, tls = ""): string[] {
  return nginxWith(stage, "front", `listen 127.0.0.1:${port} ${tls}; location / { proxy_pass http://unix:${socket}; }`);
}

function secureNginx(place: Place): string[] {
  const { cert, key } = place.certificate;
  return nginx(place, `ssl; ssl_certificate ${cert}; ssl_certificate_key ${key}`);
}

/**
 * Writes the server's files. Returns two commands: nginx is the server; Node.js answers the uploads and WebSockets that
 * nginx passes on.
 */
export function serverCommands(
  { stage, socket, server }: Pick<Place, "stage" | "socket" | "server">,
  node: string,
): string[][] {
  const echo = `${stage}/echo.sock`;
  Deno.writeFileSync(`${stage}/large`, new Uint8Array(LARGE).fill(120));
  const body = `listen unix:${socket}; listen 127.0.0.1:${server}; location = /large { root ${stage}; }
    location = /ws { proxy_pass http://unix:${echo}; }
    location = /upload { proxy_pass http://unix:${echo}; proxy_request_buffering off; } location / { return 200 "hello\\n"; }`;
  return [nginxWith(stage, "server", body), [node, write(`${stage}/echo.mjs`, ECHO), echo]];
}

function caddy({ stage, socket, port }: Place, scheme = "http", tls = ""): string[] {
  const text = `{\n\tadmin off\n\tauto_https off\n\tdefault_sni bench.localhost\n}
${scheme}://:${port} {\n\tbind 127.0.0.1\n${tls}\treverse_proxy unix/${socket}\n}\n`;
  return ["caddy", "run", "--config", write(`${stage}/Caddyfile`, text), "--adapter", "caddyfile"];
}

function secureCaddy(place: Place): string[] {
  const { cert, key } = place.certificate;
  return caddy(place, "https", `\ttls ${cert} ${key}\n`);
}

/** Makes the files of `npm install unsock` that the command needs. Returns the command's path. */
async function installPackage(stage: string): Promise<string> {
  await bundleProgram(`${stage}/node_modules/unsock`);
  const machine = `${stage}/node_modules/unsock-linux-${Deno.build.arch === "aarch64" ? "arm64" : "x64"}`;
  await Deno.mkdir(`${machine}/lib`, { recursive: true });
  await Deno.writeTextFile(`${machine}/package.json`, "{}");
  await Deno.copyFile(LIBRARY, `${machine}/lib/libunsock.so`);
  return `${stage}/node_modules/unsock/bin/unsock.js`;
}

const plainWords = ({ port, socket, certificate: { cert, key } }: Place) => [`${port}`, socket, cert, key];
const secureWords = ({ port, certificate: { cert, key } }: Place) => [`${port}`, "--cert", cert, "--key", key];

async function fetchNode(version: number): Promise<string> {
  return (await output(["npx", "--yes", `node@${version}`, "-p", "process.execPath"])).trim();
}

/** Returns the fronts, and the path of the Node.js for the server. `stage` is a directory for packages. */
export async function makeFronts(stage: string): Promise<{ fronts: readonly Front[]; node: string }> {
  const [node, newer] = [await fetchNode(22), await fetchNode(24)];
  const unsock = await installPackage(stage);
  await output(["npm", "install", "--prefix", `${stage}/portless`, "--no-audit", "--no-fund", PORTLESS]);
  const portless = [newer, `${stage}/portless/node_modules/portless/dist/cli.js`];
  const plain = write(`${stage}/plain.mjs`, PLAIN);
  const deno = [Deno.execPath(), "run", "-A", "--no-config"];
  const onNode = [node, unsock, "expose", "--http"];
  // The command by which an installed unsock starts on Deno.
  const onDeno = [Deno.execPath(), "run", "-A", `--v8-flags=${SMALL_HEAP}`, `${ROOT}/main.ts`, "expose", "--http"];
  const fronts: Front[] = [
    { name: "directly", command: () => undefined },
    { name: "nginx", command: nginx },
    { name: "Caddy", command: caddy },
    { name: "ten lines of `node:http`, Node.js 22", command: ({ port, socket }) => [node, plain, `${port}`, socket] },
    { name: "the same, Deno", command: ({ port, socket }) => [...deno, plain, `${port}`, socket] },
    {
      name: "portless 0.15.6, Node.js 24",
      command: ({ port }) => [...portless, "proxy", "start", "-p", `${port}`, "--no-tls", "--foreground"],
      ready: async ({ stage, server }) => {
        await output([
          "env",
          `HOME=${stage}`,
          `PORTLESS_STATE_DIR=${stage}/portless.state`,
          ...portless,
          "alias",
          "bench",
          `${server}`,
        ]);
      },
    },
    { name: "`unsock expose --http`, Node.js 22", command: ({ port }) => [...onNode, `${port}`] },
    { name: "`unsock expose --http`, Deno", command: ({ port }) => [...onDeno, `${port}`] },
  ];
  const secure: Front[] = [
    { name: "nginx, HTTPS", command: secureNginx },
    { name: "Caddy, HTTPS", command: secureCaddy },
    { name: "ten lines of `node:https`, Node.js 22", command: (place) => [node, plain, ...plainWords(place)] },
    { name: "`unsock expose --http --cert`, Node.js 22", command: (place) => [...onNode, ...secureWords(place)] },
    { name: "`unsock expose --http --cert`, Deno", command: (place) => [...onDeno, ...secureWords(place)] },
  ];
  return { fronts: [...fronts, ...secure.map((front) => ({ ...front, isSecure: true }))], node };
}
