/** Servers that are replaced while clients ask them all the time: not one request fails. */
import { assert, assertEquals } from "@std/assert";
import { programsOf } from "../support/program_text.ts";
import { findProgram, need } from "../support/programs.ts";
import { start } from "../support/process.ts";
import { libraryEnv } from "../support/library.ts";
import { until } from "../support/wait.ts";
import { HAPROXY_DEFAULTS } from "./haproxy.ts";
import { type Rig, withRig } from "./rig.ts";

const programText = programsOf(import.meta);

const PYTHON = "/usr/bin/python3";

/** Clients that ask all the time. */
interface Load {
  /** Waits until somebody has answered so. */
  answers(text: string): Promise<void>;
  /** Waits for so many more answers. */
  more(count: number): Promise<void>;
}

/** The error of a client that waited in the backlog of a listener that closed, as over TCP. */
const RESET = /^failed ConnectionResetError\(/;

/** While clients ask a port, does what `restarts` does; no request may fail, but as `may` says. */
async function underLoad(rig: Rig, port: number, restarts: (load: Load) => Promise<void>, may = /^$/): Promise<void> {
  const env = { ...libraryEnv(rig.sockets), LC_ALL: "C.UTF-8", no_proxy: "*" };
  await using asker = start([PYTHON, rig.write("asker.py", programText("asker")), `${port}`], { env });
  const lines = () => asker.output().split("\n").filter((line) => line !== "");
  const load: Load = {
    answers: async (text) => {
      const before = lines().length;
      await until(`somebody answers "${text}"`, () => lines().slice(before).includes(`200 ${text}`), 30_000);
    },
    more: async (count) => {
      const before = lines().length;
      await until(`${count} more answers`, () => lines().length >= before + count, 30_000);
    },
  };
  await load.more(10);
  await restarts(load);
  await load.more(10);
  Deno.kill(asker.pid, "SIGUSR1");
  await until("the last request is answered", () => lines().at(-1) === "done", 30_000);
  assertEquals(lines().filter((line) => !line.startsWith("200 ") && line !== "done" && !may.test(line)), []);
  assert(lines().length > 20);
}

const HAPROXY = (text: string) =>
  `${HAPROXY_DEFAULTS}
frontend web
  bind 127.0.0.1:17311
  http-request return status 200 content-type text/plain string ${text}
`;

Deno.test(
  "haproxy is replaced under load (-sf), and no request fails but in the queue of the one that closes",
  { ignore: !need("haproxy", "python3") },
  () =>
    withRig(async (rig) => {
      const haproxy = (text: string, ...more: string[]) =>
        rig.server(["haproxy", "-db", "-f", rig.write(`${text}.cfg`, HAPROXY(text)), ...more], { tcp: [17311] });
      let old = await haproxy("zero");
      await underLoad(rig, 17311, async (load) => {
        for (const text of ["one", "two", "three"]) {
          const next = await haproxy(text, "-sf", `${old.pid}`);
          await load.answers(text);
          await old.status;
          await rig.end(old);
          old = next;
        }
      }, RESET);
    }),
);

Deno.test(
  "nginx's program is replaced under load (USR2) without a failed request",
  { ignore: !need("nginx") },
  () =>
    withRig(async (rig) => {
      const { files } = rig;
      const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) =>
        `${name}_temp_path ${files}/${name};`
      );
      const configure = (text: string) =>
        rig.write(
          "nginx.conf",
          `worker_processes 2; pid ${files}/nginx.pid; error_log stderr notice;
         events { worker_connections 64; }
         http { access_log off; ${temporary.join(" ")}
                server { listen 127.0.0.1:17312; keepalive_timeout 0; location / { return 200 ${text}; } } }`,
        );
      const pid = (name: string) => Number(Deno.readTextFileSync(`${files}/${name}`));
      try {
        // It replaces itself only where it has left who started it: as a daemon.
        const nginx = [findProgram("nginx") ?? "nginx", "-e", "stderr", "-p", files, "-c", configure("zero")];
        await rig.server(["sh", "-c", `"$0" "$@"; exec tail -f /dev/null`, ...nginx], { tcp: [17312] });
        await underLoad(rig, 17312, async (load) => {
          for (const text of ["one", "two"]) {
            configure(text);
            const old = pid("nginx.pid");
            Deno.kill(old, "SIGUSR2");
            await load.answers(text);
            Deno.kill(old, "SIGQUIT");
            // Only whose parent has ended replaces itself in turn.
            await until("the old one has ended", () => parentOf(pid("nginx.pid")) !== old, 30_000);
            await load.answers(text);
          }
        });
      } finally {
        for (const name of ["nginx.pid.oldbin", "nginx.pid"]) {
          if (isThere(`${files}/${name}`)) Deno.kill(pid(name), "SIGTERM");
          await until("nginx has ended", () => !isThere(`${files}/${name}`));
        }
      }
    }),
);

function parentOf(pid: number): number {
  return Number(Deno.readTextFileSync(`/proc/${pid}/stat`).replace(/^.*\) . /, "").split(" ")[0]);
}

function isThere(file: string): boolean {
  try {
    Deno.lstatSync(file);
    return true;
  } catch {
    return false;
  }
}

Deno.test(
  "gunicorn is reloaded and replaced under load, and no request fails but in the queue of a listener that closes",
  { ignore: !need("gunicorn") },
  () =>
    withRig(async (rig) => {
      const { files } = rig;
      rig.write("served.py", programText("wsgi"));
      rig.write("text", "zero");
      const gunicorn = (name: string) =>
        rig.server([
          ...["gunicorn", "--workers", "2", "--bind", "127.0.0.1:17313", "--reuse-port", "--chdir", files],
          ...["--pid", `${files}/${name}.pid`, "served:app"],
        ], { tcp: [17313] });
      const old = await gunicorn("first");
      const pid = async (name: string) => {
        const read = () => isThere(`${files}/${name}`) && Number(Deno.readTextFileSync(`${files}/${name}`));
        return await until(`${name} is there`, read, 30_000);
      };
      const first = await pid("first.pid");
      let second = 0;
      await underLoad(rig, 17313, async (load) => {
        rig.write("text", "one");
        Deno.kill(first, "SIGHUP");
        await load.answers(`one of ${first}`);
        rig.write("text", "two");
        Deno.kill(first, "SIGUSR2");
        second = await pid("first.pid.2");
        await load.answers(`two of ${second}`);
        Deno.kill(first, "SIGTERM");
        await old.status;
        await load.answers(`two of ${second}`);
      });
      // Another one beside it, by SO_REUSEPORT: both get clients, and those in the older one's queue end with it.
      const beside = async (load: Load) => {
        rig.write("text", "three");
        await gunicorn("third");
        await load.answers(`three of ${await pid("third.pid")}`);
        await load.more(20);
        Deno.kill(second, "SIGTERM");
        await until("the older one has ended", () => !isThere(`${files}/first.pid`), 30_000);
        await load.more(20);
      };
      await underLoad(rig, 17313, beside, RESET);
    }),
);

/** Replaces its workers when it is told to: the new ones say what the file says by then. */
const CLUSTER = `
const cluster = require("cluster"), fs = require("fs"), http = require("http");
if (cluster.isPrimary) {
  const begin = (ready) => cluster.fork({ TEXT: fs.readFileSync(process.argv[2], "utf8") }).once("listening", ready);
  for (let i = 0; i < 2; i++) begin(() => {});
  process.on("SIGUSR2", () => {
    // One that was told to go before may still be among them.
    const stay = Object.values(cluster.workers).filter((worker) => !worker.exitedAfterDisconnect);
    for (const old of stay) begin(() => old.disconnect());
  });
} else {
  http.createServer((request, response) => response.end(process.env.TEXT)).listen(17314, "127.0.0.1");
}
`;

Deno.test(
  "node's cluster replaces its workers under load without a failed request",
  { ignore: !need("node") },
  () =>
    withRig(async (rig) => {
      const text = rig.write("text", "zero");
      const server = await rig.server(["node", rig.write("cluster.js", CLUSTER), text], { tcp: [17314] });
      await underLoad(rig, 17314, async (load) => {
        for (const next of ["one", "two", "three"]) {
          rig.write("text", next);
          Deno.kill(server.pid, "SIGUSR2");
          await load.answers(next);
          await load.more(20);
        }
      });
    }),
);
