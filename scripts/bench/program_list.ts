/** The programs to measure: server, client, and the pattern of the speed that the client prints. */
import { findProgram } from "../../tests/support/programs.ts";
import type { Program, Site } from "./program.ts";
import { output } from "./rig.ts";

const NOBODY = 65534;

/** Returns the bytes that iperf sends. */
const iperfSize = ({ quick }: Pick<Site, "quick">) => (quick ? 256 : 2048) * 2 ** 20;

/** Makes a command run as an ordinary user: PostgreSQL does not run as root. */
function unprivileged(command: readonly string[]): string[] {
  const [program = "", ...args] = command;
  const file = findProgram(program) ?? program;
  if (Deno.uid() !== 0) return [file, ...args];
  return ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", file, ...args];
}

/**
 * Returns the address for PostgreSQL's clients. Switches encryption off: over TCP, libpq would first ask for it, which
 * costs a round trip that AF_UNIX does not have.
 */
function postgresAddress({ native, directory, port }: Site): string {
  const host = native ? directory : "127.0.0.1";
  return `host=${host} port=${port} user=owner dbname=postgres sslmode=disable gssencmode=disable`;
}

async function makeDatabase({ directory }: Site): Promise<void> {
  if (Deno.uid() === 0) await Deno.chown(directory, NOBODY, NOBODY);
  const words = ["initdb", "-D", `${directory}/data`, "-U", "owner", "-A", "trust", "-N", "--locale=C"];
  const [program = "", ...args] = unprivileged(words);
  await output([program, ...args], { env: { TZ: "UTC", HOME: directory } });
}

/**
 * @param server The text of the server blocks. If root runs nginx, `user root` lets nginx's workers open root's socket
 *   files.
 */
function nginxConfiguration({ directory }: Site, name: string, server: string): string {
  return `${
    Deno.uid() === 0 ? "user root; " : ""
  }daemon off; worker_processes 1; pid ${directory}/${name}.pid; error_log stderr crit;
events { worker_connections 512; }
http {
  access_log off; keepalive_requests 1000000;
  client_body_temp_path ${directory}; proxy_temp_path ${directory}; fastcgi_temp_path ${directory};
  uwsgi_temp_path ${directory}; scgi_temp_path ${directory};
  ${server}
}
`;
}

const HELLO = 'location / { return 200 "hello"; }';

async function writeNginx(site: Site): Promise<void> {
  const at = site.native ? `unix:${site.file}` : `127.0.0.1:${site.port}`;
  const target = site.file === undefined ? at : `unix:${site.file}`;
  const proxy = `upstream behind { server ${target}; keepalive 16; }
  server {
    listen 127.0.0.1:${site.frontPort};
    location / { proxy_pass http://behind; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }`;
  await Promise.all(
    Object.entries({ server: `server { listen ${at}; ${HELLO} }`, front: proxy }).map(
      ([name, text]) => Deno.writeTextFile(`${site.directory}/${name}.conf`, nginxConfiguration(site, name, text)),
    ),
  );
}

function nginx({ directory }: Site, name: string): string[] {
  return ["nginx", "-p", directory, "-c", `${directory}/${name}.conf`, "-e", "stderr"];
}

function wrk(port: number): string[] {
  return ["wrk", "-t1", "-c16", "-d1", `http://127.0.0.1:${port}/`];
}

/** Returns the requests a second, or NaN if any answer was an error. */
function findRequests(printed: string): number {
  return printed.includes("Non-2xx") ? NaN : find(/^Requests\/sec:\s+([\d.]+)/m)(printed);
}

/** Returns the bandwidth from the last line (…,bytes,bits per second), or NaN if iperf gave up before the end. */
export function findBandwidth(printed: string, site: Pick<Site, "quick">): number {
  const [bytes = 0, bits = NaN] = printed.trim().split("\n").at(-1)?.split(",").slice(7).map(Number) ?? [];
  return bytes < iperfSize(site) ? NaN : bits / 8e6;
}

/** Returns a function that finds a number by the pattern's only group. */
function find(pattern: RegExp): (printed: string) => number {
  return (printed) => Number(printed.match(pattern)?.[1] ?? NaN);
}

const REDIS_SERVER = ["redis-server", "--save", "", "--appendonly", "no", "--bind", "127.0.0.1"];

/** @param pipeline How many requests a client sends at once. */
function redis(name: string, title: string, pipeline: number): Program {
  return {
    name,
    title,
    unit: "requests/s",
    needs: ["redis-server", "redis-benchmark"],
    native: true,
    server: ({ port, directory }) => [
      ...REDIS_SERVER,
      ...["--dir", directory, "--port", `${port}`, "--unixsocket", `${directory}/socket`],
    ],
    client: ({ port, directory, native, quick }) => [
      "redis-benchmark",
      ...(native ? ["-s", `${directory}/socket`] : ["-h", "127.0.0.1", "-p", `${port}`]),
      ...["-t", "get", "-c", "20", "-P", `${pipeline}`, "-n", `${(quick ? 2000 : 30_000) * pipeline}`, "--csv"],
    ],
    parse: find(/^"GET","([\d.]+)"/m),
  };
}

function postgres(name: string, title: string, words: (quick: boolean) => string[]): Program {
  return {
    name,
    title,
    unit: "transactions/s",
    needs: ["postgres", "initdb", "pgbench", "setpriv"],
    native: true,
    prepare: makeDatabase,
    server: ({ port, directory, native }) => {
      const settings = ["listen_addresses=127.0.0.1", "fsync=off"];
      settings.push(`unix_socket_directories=${native ? directory : ""}`);
      const options = settings.flatMap((setting) => ["-c", setting]);
      return unprivileged(["postgres", "-D", `${directory}/data`, "-p", `${port}`, ...options]);
    },
    fill: (site) => ["pgbench", "-i", "-q", postgresAddress(site)],
    client: (site) => ["pgbench", "-n", "-S", ...words(site.quick), postgresAddress(site)],
    parse: find(/^tps = ([\d.]+)/m),
  };
}

export const PROGRAMS: readonly Program[] = [
  redis("redis", "redis-benchmark, 20 clients", 1),
  redis("redis-pipelined", "redis-benchmark -P 16", 16),
  {
    name: "nginx",
    title: "wrk against nginx",
    unit: "requests/s",
    needs: ["nginx", "wrk"],
    native: false,
    prepare: writeNginx,
    server: (site) => nginx(site, "server"),
    client: ({ port }) => wrk(port),
    parse: findRequests,
  },
  {
    name: "nginx-proxy",
    title: "nginx in front of nginx",
    unit: "requests/s",
    needs: ["nginx", "wrk"],
    native: true,
    prepare: writeNginx,
    server: (site) => nginx(site, "server"),
    front: (site) => nginx(site, "front"),
    client: ({ frontPort }) => wrk(frontPort),
    parse: findRequests,
  },
  postgres(
    "postgres",
    "pgbench -S, 4 clients",
    (quick) => ["-c", "4", "-M", "prepared", "-t", quick ? "20" : "2000"],
  ),
  postgres(
    "postgres-connects",
    "pgbench -S -C: a connection each",
    (quick) => ["-c", "4", "-C", "-t", quick ? "5" : "100"],
  ),
  {
    name: "iperf",
    title: "iperf",
    unit: "MB/s",
    needs: ["iperf"],
    native: false,
    server: ({ port }) => ["iperf", "-s", "-B", "127.0.0.1", "-p", `${port}`],
    client: (site) => ["iperf", "-c", "127.0.0.1", "-p", `${site.port}`, "-n", `${iperfSize(site)}`, "-y", "C"],
    parse: findBandwidth,
  },
];
