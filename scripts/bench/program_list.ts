/** The programs, each with its server, its client, and where the client prints the speed. */
import { findProgram } from "../../tests/support/programs.ts";
import type { Program, Site } from "./program.ts";
import { output } from "./rig.ts";

const NOBODY = 65534;

/** PostgreSQL does not run as root. */
function unprivileged(command: readonly string[]): string[] {
  const [program = "", ...args] = command;
  const file = findProgram(program) ?? program;
  if (Deno.uid() !== 0) return [file, ...args];
  return ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", file, ...args];
}

function postgresHost({ native, directory, port }: Site): string[] {
  return ["-h", native ? directory : "127.0.0.1", "-p", `${port}`, "-U", "owner"];
}

async function makeDatabase({ directory }: Site): Promise<void> {
  if (Deno.uid() === 0) await Deno.chown(directory, NOBODY, NOBODY);
  const words = ["initdb", "-D", `${directory}/data`, "-U", "owner", "-A", "trust", "-N", "--locale=C"];
  const [program = "", ...args] = unprivileged(words);
  await output([program, ...args], { env: { TZ: "UTC", HOME: directory } });
}

function nginxConfiguration({ directory, port }: Site): string {
  return `daemon off; worker_processes 1; pid ${directory}/pid; error_log stderr crit;
events { worker_connections 512; }
http {
  access_log off; keepalive_requests 1000000;
  client_body_temp_path ${directory}; proxy_temp_path ${directory}; fastcgi_temp_path ${directory};
  uwsgi_temp_path ${directory}; scgi_temp_path ${directory};
  server { listen 127.0.0.1:${port}; location / { return 200 "hello"; } }
}
`;
}

/** A number out of a pattern's only group. */
function find(pattern: RegExp): (printed: string) => number {
  return (printed) => Number(printed.match(pattern)?.[1] ?? NaN);
}

const REDIS_SERVER = ["redis-server", "--save", "", "--appendonly", "no", "--bind", "127.0.0.1"];

export const PROGRAMS: readonly Program[] = [
  {
    name: "redis",
    title: "redis-benchmark, 20 clients",
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
      ...["-t", "get", "-c", "20", "-n", quick ? "500" : "30000", "--csv"],
    ],
    parse: find(/^"GET","([\d.]+)"/m),
  },
  {
    name: "nginx",
    title: "wrk against nginx",
    unit: "requests/s",
    needs: ["nginx", "wrk"],
    native: false,
    prepare: (site) => Deno.writeTextFile(`${site.directory}/nginx.conf`, nginxConfiguration(site)),
    server: ({ directory }) => ["nginx", "-p", directory, "-c", `${directory}/nginx.conf`, "-e", "stderr"],
    client: ({ port }) => ["wrk", "-t1", "-c16", "-d1", `http://127.0.0.1:${port}/`],
    parse: find(/^Requests\/sec:\s+([\d.]+)/m),
  },
  {
    name: "postgres",
    title: "pgbench -S, 4 clients",
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
    fill: (site) => ["pgbench", ...postgresHost(site), "-i", "-q", "postgres"],
    client: (site) => {
      const amount = ["-c", "4", "-t", site.quick ? "20" : "2000"];
      return ["pgbench", ...postgresHost(site), "-n", "-S", "-M", "prepared", ...amount, "postgres"];
    },
    parse: find(/^tps = ([\d.]+)/m),
  },
  {
    name: "iperf",
    title: "iperf",
    unit: "MB/s",
    needs: ["iperf"],
    native: false,
    server: ({ port }) => ["iperf", "-s", "-B", "127.0.0.1", "-p", `${port}`],
    client: ({ port, quick }) => ["iperf", "-c", "127.0.0.1", "-p", `${port}`, "-n", quick ? "256M" : "2G", "-y", "C"],
    // The last line of comma-separated values ends with bits per second.
    parse: (printed) => Number(printed.trim().split("\n").at(-1)?.split(",")[8] ?? NaN) / 8e6,
  },
];
