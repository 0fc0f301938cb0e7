/** Real programs that preloading does not reach, server and client under unsock; nothing of them is on an IP port. */
import { assertMatch } from "@std/assert";
import { join } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { assertNoIpListener } from "../support/net.ts";
import { run, start } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { RUNTIME_CACHE, unsockRun } from "../support/library.ts";
import { until } from "../support/wait.ts";

const exists = (file: string) => Deno.stat(file).then(() => true, () => false);

/** Runs a single-file program, which the Java runtime compiles first. */
function java(program: string, ...args: string[]): string[] {
  const source = join(import.meta.dirname ?? "", "..", "programs", "java", `${program}.java`);
  const flags = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m"];
  return ["env", "UNSOCK_ENGINE=trap", "java", ...flags, source, ...args];
}

/** The Java runtime compiles first. */
const START_MS = 40_000;

interface Server {
  command: string[];
  port: number;
  client: string[];
  answer: RegExp;
}

function testServer(name: string, programs: string[], prepare: (dir: string) => Promise<Server>): void {
  Deno.test({
    name,
    ignore: !programs.every((program) => need(program)),
    fn: () =>
      withDir(async (dir) => {
        const { command, port, client, answer } = await prepare(dir);
        const env = { HOME: dir, DENO_DIR: RUNTIME_CACHE };
        await using server = start(unsockRun(join(dir, "s"), command), { cwd: dir, env });
        await until(`${name} listens`, () => exists(join(dir, "s", `${port}.sock`)), START_MS);
        assertNoIpListener(port);
        const { stdout, stderr } = await run(unsockRun(join(dir, "s"), client), { cwd: dir, env });
        assertMatch(stdout + stderr, answer, server.output());
        assertNoIpListener(port);
      }),
  });
}

testServer("static busybox: its httpd serves its wget", ["busybox"], async (dir) => {
  await Deno.writeTextFile(join(dir, "page"), "from busybox\n");
  return {
    command: ["busybox", "httpd", "-f", "-p", "127.0.0.1:20991", "-h", dir],
    port: 20991,
    client: ["busybox", "wget", "-q", "-O", "-", "http://127.0.0.1:20991/page"],
    answer: /^from busybox$/m,
  };
});

testServer("caddy, in Go, serves curl, in C", ["caddy", "curl"], async (dir) => {
  const config =
    '{\n admin off\n auto_https off\n}\nhttp://127.0.0.1:20992 {\n respond "caddy sees {remote_host}"\n}\n';
  await Deno.writeTextFile(join(dir, "Caddyfile"), config);
  return {
    command: ["caddy", "run", "--config", join(dir, "Caddyfile")],
    port: 20992,
    client: ["curl", "-sS", "http://127.0.0.1:20992/"],
    answer: /^caddy sees 127\.0\.0\.1$/m,
  };
});

testServer("nats-server, in Go, answers a client", ["nats-server", "python3"], () =>
  Promise.resolve({
    command: ["nats-server", "-a", "127.0.0.1", "-p", "20993"],
    port: 20993,
    client: ["python3", "-c", "import socket; print(socket.create_connection(('127.0.0.1', 20993)).recv(4).decode())"],
    answer: /^INFO$/m,
  }));

testServer("etcd keeps what etcdctl puts, both in Go", ["etcd", "etcdctl"], (dir) =>
  Promise.resolve({
    command: [
      ...["etcd", "--data-dir", join(dir, "data"), "--listen-client-urls", "http://127.0.0.1:20994"],
      ...["--advertise-client-urls", "http://127.0.0.1:20994", "--listen-peer-urls", "http://127.0.0.1:20995"],
    ],
    port: 20994,
    client: ["sh", "-c", "E='etcdctl --endpoints http://127.0.0.1:20994'; $E put key kept && $E get key"],
    answer: /^OK\nkey\nkept$/m,
  }));

testServer("node under UNSOCK_ENGINE=trap serves Python under the same", ["node", "python3"], () => {
  const source =
    "require('http').createServer((q, r) => r.end('node sees ' + q.socket.remoteAddress)).listen(20996, '127.0.0.1')";
  const ask = "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:20996/').read().decode())";
  return Promise.resolve({
    command: ["env", "UNSOCK_ENGINE=trap", "node", "-e", source],
    port: 20996,
    client: ["env", "UNSOCK_ENGINE=trap", "python3", "-c", ask],
    answer: /^node sees 127\.0\.0\.1$/m,
  });
});

testServer("Java under UNSOCK_ENGINE=trap serves Java under the same", ["java"], () =>
  Promise.resolve({
    command: java("UrlServer", "20990", "127.0.0.1"),
    port: 20990,
    client: java("UrlClient", "http://127.0.0.1:20990/"),
    answer: /^(from 127\.0\.0\.1\n){10}10 ports$/m,
  }));

testServer("static busybox: its nc sends to its nc", ["busybox"], () =>
  Promise.resolve({
    command: ["busybox", "sh", "-c", "echo from nc | busybox nc -l -p 20989"],
    port: 20989,
    client: ["busybox", "nc", "127.0.0.1", "20989"],
    answer: /^from nc$/m,
  }));
