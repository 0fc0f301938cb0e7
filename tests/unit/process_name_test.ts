/** The names of processes (`lib/system/process_name.ts`). */
import { assert, assertMatch, assertStrictEquals } from "@std/assert";
import { nameOfCommand, processName } from "../../lib/system/process_name.ts";
import { start } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { until } from "../support/wait.ts";

/** A command line, its words separated by `|`, and the name. */
const NAMES: readonly (readonly [string, string])[] = [
  ["/usr/sbin/haproxy|-f|/etc/haproxy.cfg", "haproxy"],
  ["node|server.js", "node server.js"],
  ["/usr/bin/node|--require|./env.js|--inspect=0|/srv/shop/server.js|--port|80", "node server.js"],
  ["node|/srv/node_modules/.bin/vite|dev", "node vite"],
  ["node|-e|require('http')", "node"],
  ["python3|-m|http.server|8000", "python3 -m http.server"],
  ["/usr/bin/python3.13|-u|-W|error|manage.py|runserver", "python3.13 manage.py"],
  ["/usr/bin/python3|/usr/bin/gunicorn|app:app", "python3 gunicorn"],
  ["python3|-c|import socket", "python3"],
  ["deno|run|-A|main.ts", "deno main.ts"],
  ["deno|serve|--port|8000|main.ts", "deno main.ts"],
  ["bun|run|dev.ts", "bun dev.ts"],
  ["ruby|-I|lib|bin/rails|server", "ruby rails"],
  ["java|-cp|a.jar:b.jar|-Xmx1g|org.example.Main", "java org.example.Main"],
  ["java|-jar|/opt/app.jar", "java -jar app.jar"],
  ["/bin/sh|-c|sleep 5", "sh"],
  ["-bash", "bash"],
  ["bash|./serve.sh", "bash serve.sh"],
  ["/usr/bin/redis-server 127.0.0.1:6379", "redis-server 127.0.0.1:6379"],
  ["nginx: master process /usr/sbin/nginx -g daemon on;", "nginx: master process /usr/sbin/nginx -…"],
  ["nginx: worker process", "nginx: worker process"],
  ["postgres: 17/main: user shop [local] idle|||", "postgres: 17/main: user shop [local] id…"],
  ["npm run dev", "npm run dev"],
  ["/opt/My Shop/server", "server"],
  [`/x/${"a".repeat(100)}`, `${"a".repeat(39)}…`],
];

for (const [line, name] of NAMES) {
  Deno.test(`a process is named as its user knows it: ${name}`, () => {
    const words = line.split("|");
    assertStrictEquals(nameOfCommand(words, "/opt/My Shop/server"), name);
  });
}

Deno.test("a process without a command line has no name of it", () => {
  for (const words of [[], [""], [" ", "x"]]) assertStrictEquals(nameOfCommand(words), undefined);
});

Deno.test({
  name: "the name of a process shows bytes that are no UTF-8, and an empty command line gives the thread's name",
  ignore: !need("python3"),
  fn: async () => {
    const code = 'import os, signal, sys; print("ready", flush=True); signal.pause()';
    const odd = `import os; os.execv("/usr/bin/python3", [b"/x/od\\xffd", "-c", ${JSON.stringify(code)}])`;
    await using server = start(["python3", "-c", odd]);
    await until("it runs", () => server.output() === "ready\n");
    assertStrictEquals(processName(server.pid), "od\\xffd");
    assertMatch(processName(Deno.pid) ?? "", /^deno/);
    assert(processName(0x7fffffff) === undefined);
  },
});
