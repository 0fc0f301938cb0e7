/** `unsock doctor PORT` names what is really wrong: servers that a client does not find, and those that do not answer. */
import { assertMatch, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { unsockForEverybody } from "../support/everybody.ts";
import { mayUnshare } from "../support/namespaces.ts";
import { type OwnPort, ownPort } from "../support/own_port.ts";
import { type Proc, run, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { buildLinked, canLink } from "../support/static.ts";
import { asNobody, asUser, SERVER, whyNoOtherUser } from "../support/users.ts";
import { until } from "../support/wait.ts";
import { libraryFile } from "../support/library.ts";
import { testedLibrary, unsock, unsockCommand } from "./unsock.ts";
import { verdict, verdictOf } from "./verdict.ts";

const programText = programsOf(import.meta);
const ignore = !need("python3");

/** The variables that the library as a program reads from the caller must not reach a test. */
const CLEAN = { XDG_RUNTIME_DIR: "", LD_PRELOAD: "" };

function python(name: string, ...words: readonly (string | number)[]): string[] {
  return ["python3", "-c", programText(name), ...words.map(String)];
}

/** Starts a program under unsock, and waits until it is ready. */
async function startReady(command: readonly string[], env: Record<string, string>): Promise<Proc> {
  const process = start([libraryFile(), "run", "--", ...command], { env: { ...CLEAN, ...env } });
  await until(`${command.at(-2)} is ready`, () => process.output().includes("ready"));
  return process;
}

async function withPort(fn: (env: Record<string, string>, port: number, own: OwnPort) => Promise<void>): Promise<void> {
  await withDir(async (dir) => {
    using own = ownPort();
    await fn({ UNSOCK_DIR: `${dir}/s` }, own.port, own);
  });
}

Deno.test("doctor PORT before anything is started says that run makes the directory; of a wrong --dir, that its parent is missing", () =>
  withPort(async ({ UNSOCK_DIR }, port) => {
    assertMatch(
      await verdict(port, { UNSOCK_DIR: UNSOCK_DIR ?? "" }),
      /^FAIL => nobody serves PORT: \S+\/s does not exist: ECONNREFUSED -> start a server: unsock run --dir \S+\/s -- SERVER$/,
    );
    assertMatch(
      await verdict(port, { UNSOCK_DIR: `${UNSOCK_DIR}/no/such` }),
      /^FAIL => nobody serves PORT, and no server can here: .* \S+\/s\/no does not exist -> make it first, mkdir -p \S+\/s\/no, /,
    );
  }));

Deno.test({
  name: "doctor PORT says what a client needs, unless this shell is under unsock already",
  ignore,
  fn: () =>
    withPort(async (env, port) => {
      await using _server = await startReady(python("serve", port, "tcp"), env);
      const answered = /^ok +=> a client of 127\.0\.0\.1:PORT is answered by python3[^[]*\[\d+\]/;
      const needs = / -> a client needs unsock, too: unsock run CLIENT, or for one without it unsock expose PORT$/;
      const outside = await verdict(port, env);
      assertMatch(outside, answered);
      assertMatch(outside, needs);
      const inside = await verdict(port, { ...env, LD_PRELOAD: libraryFile(), UNSOCK_PORT: `${port}` });
      assertMatch(inside, new RegExp(`${answered.source}$`));
    }),
});

Deno.test({
  name:
    "a server whose PORT.sock was removed is refused, also after a bind on another address, and doctor PORT says so",
  ignore,
  fn: () =>
    withPort(async (env, port) => {
      await using _server = await startReady(python("serve", port, "tcp"), env);
      Deno.removeSync(`${env.UNSOCK_DIR}/${port}.sock`);
      const lost =
        /^FAIL => python3[^[]*\[\d+\] serves 127\.0\.0\.1:PORT, but clients do not find it: \S+\/PORT\.sock was removed or replaced: ECONNREFUSED -> start the server again$/;
      assertMatch(await verdict(port, env), lost);
      await using _other = await startReady(python("serve", port, "tcp", "127.0.0.2"), env);
      assertMatch(await verdict(port, env, "@127.0.0.1"), lost);
      assertMatch(await verdict(port, env, "@127.0.0.2"), /^ok /);
      const again = [libraryFile(), "run", "--", ...python("serve", port, "tcp")];
      assertMatch((await run(again, { env: { ...CLEAN, ...env } })).stderr, /Address already in use/);
    }),
});

Deno.test({
  name:
    "a server whose PORT.sock is an empty file, as CIFS makes of a renamed link, is not reached, and doctor says so and what to do",
  ignore,
  fn: () =>
    withPort(async (env, port) => {
      const { UNSOCK_DIR = "" } = env;
      const again = [libraryFile(), "run", "--", ...python("serve", port, "tcp")];
      await using _server = await startReady(python("serve", port, "tcp"), env);
      Deno.removeSync(`${UNSOCK_DIR}/${port}.sock`);
      Deno.writeTextFileSync(`${UNSOCK_DIR}/${port}.sock`, "");
      const said =
        /\S+\/PORT\.sock is an empty file, where the link to its server should be: servers and clients fail with EINVAL -> remove it: rm \S+\/PORT\.sock; on CIFS, also mount with mfsymlinks, or name another directory with --dir/;
      assertMatch(await verdict(port, env), new RegExp(`^FAIL => ${said.source}$`));
      for (const words of [[], ["true"]]) {
        const { code, stdout } = await unsock(["doctor", ...words], { env });
        assertStrictEquals(code, 0, stdout);
        assertMatch(
          stdout.replaceAll("\n     ->", " ->").replaceAll(`${port}`, "PORT"),
          new RegExp(`^note ${said.source}$`, "m"),
        );
      }
      assertMatch((await run(again, { env: { ...CLEAN, ...env } })).stderr, /Invalid argument/);
    }),
});

Deno.test({
  name:
    "doctor PORT says that a stopped server accepts nobody, and one that clients wait for in vain, and for how long",
  ignore,
  fn: () =>
    withPort(async (env, port) => {
      await using server = await startReady(python("serve", port, "tcp"), env);
      await using _client = await startReady(python("connect", port), env);
      // The kernel tells when a thread ran last, or not at all: then a server that hangs looks like one that is busy.
      const known = /^se\.exec_start/m.test(Deno.readTextFileSync("/proc/self/sched"));
      if (known) {
        const hangs = await until("it has not run for two seconds", async () => {
          const said = await verdict(port, env);
          return said.startsWith("FAIL") ? said : undefined;
        });
        assertMatch(
          hangs,
          /^FAIL => python3[^[]*\[\d+\] hangs, and accepts nobody: it has not run for \d+ s, and 1 client waits -> /,
        );
      }
      const pid = Number(/\[(\d+)\]/.exec(await verdict(port, env))?.[1]);
      Deno.kill(pid, "SIGSTOP");
      try {
        assertMatch(
          await verdict(port, env),
          /^FAIL => python3[^[]*\[\d+\] is stopped, and accepts nobody: it .*, and 1 client waits -> kill -CONT \d+$/,
        );
      } finally {
        Deno.kill(pid, "SIGCONT");
      }
      assertStrictEquals(server.output().trim(), "ready");
    }),
});

Deno.test({
  name: "doctor PORT of a port that only UDP serves says so, and the other way round",
  ignore,
  fn: () =>
    withPort(async (env, port) => {
      await using _server = await startReady(python("serve", port, "udp"), env);
      const byUdp =
        /^FAIL => python3[^[]*\[\d+\] serves PORT by UDP, not by TCP: ECONNREFUSED -> unsock doctor PORT\/udp$/;
      assertMatch(await verdict(port, env), byUdp);
      assertMatch(await verdict(port, env, "/udp"), /^ok /);
      using own = ownPort();
      await using _other = await startReady(python("serve", own.port, "tcp"), env);
      assertMatch(await verdict(own.port, env, "/udp"), / serves PORT by TCP, not by UDP: .* -> unsock doctor PORT$/);
    }),
});

Deno.test({
  name: "doctor PORT names the setting by which a server under unsock leaves the port out",
  ignore,
  fn: () =>
    withPort(async (env, port) => {
      const settings = [
        ["UNSOCK_PORT", "1", "leaves the port out: ECONNREFUSED -> start the server with --port 1,PORT"],
        ["UNSOCK_ADDR", "127.0.0.9", "leaves it out: ECONNREFUSED -> start the server with --addr 127.0.0.9,127.0.0.1"],
      ] as const;
      for (const [name, value, end] of settings) {
        await using _server = await startReady(python("serve", port, "tcp"), { ...env, [name]: value });
        const said = await verdict(port, env);
        const words = `is under unsock, but listens on the real network, as its ${name}=${value} ${end}`;
        assertStrictEquals(said.replace(/python3[^[]*\[\d+\]/, "SERVER"), `FAIL => SERVER ${words}`);
      }
    }),
});

Deno.test({
  name: "doctor PORT does not take unsock expose for a server without unsock",
  ignore,
  fn: () =>
    withPort(async (env, port) => {
      Deno.mkdirSync(env.UNSOCK_DIR ?? "");
      await using expose = start([libraryFile(), "expose", `${port}`], { env: { ...CLEAN, ...env } });
      await until("it listens", () => expose.output().includes(`${port}`));
      assertMatch(await verdict(port, env), /^FAIL => nobody serves PORT in \S+: ECONNREFUSED -> start a server: /);
    }),
});

Deno.test("doctor PORT says that a control file's target does not answer; of an option, that the option is wrong", () =>
  withPort(async (env, port) => {
    // A multiplexer that never answers: as a guest that is paused.
    Deno.mkdirSync(env.UNSOCK_DIR ?? "");
    const proxy = `${env.UNSOCK_DIR}/vm`;
    using _silent = Deno.listen({ transport: "unix", path: proxy });
    const words = ["make-control", "--port", `${port}`, "--fc-sock", proxy, "--vsock-port", "5"];
    assertStrictEquals((await unsock(words, { env })).code, 0);
    assertMatch(
      await verdict(port, { ...env, UNSOCK_CONNECT_TIMEOUT_MS: "100" }),
      /^FAIL => \S+\/PORT\.sock forwards to .*, which does not answer: ETIMEDOUT -> start the server there; .*show-control/,
    );
    const long = verdictOf(await unsock(["doctor", "--dir", `/${"a".repeat(100)}`, `${port}`]), port);
    assertMatch(long, /^FAIL => settings: --dir: .*: no program starts -> correct the option$/);
  }));

Deno.test({
  name: "doctor COMMAND reports that the engine preload does not reach a static program, as run does",
  ignore: !canLink("static"),
  fn: () =>
    withDir(async (dir) => {
      const source = `${dir}/a.c`;
      Deno.writeTextFileSync(source, "int main(void) { return 0; }\n");
      const program = await buildLinked(source, dir, "static");
      const env = { UNSOCK_DIR: `${dir}/s`, UNSOCK_ENGINE: "preload" };
      const refused = /^FAIL \S+: statically linked: .*, and UNSOCK_ENGINE=preload traps no calls: run refuses it$/m;
      for (const words of [[program], ["--", "env", "-i", "A=1", program, "-x"]]) {
        const { code, stdout } = await unsock(["doctor", ...words], { env });
        assertMatch(stdout, refused);
        assertStrictEquals(code, 1);
      }
      assertStrictEquals((await unsock(["run", "--", program], { env })).code, 125);
    }),
});

Deno.test("doctor takes a command with arguments behind --, and follows env; a port takes none", async () => {
  const { code, stdout } = await unsock(["doctor", "--", "env", "-i", "-u", "A", "true", "--version"]);
  assertMatch(stdout, /^ok {3}\S+\/env: a dynamic program.*\nok {3}\S+\/true: a dynamic program/m);
  assertStrictEquals(code, 0, stdout);
  assertMatch((await unsock(["doctor", "80", "81"])).stderr, /^unsock: doctor: too many arguments: "81"$/m);
  assertMatch((await unsock(["doctor", "--help"])).stdout, /^ {2}--lib [^]*^ {2}unsock doctor -- env -i curl /m);
  const { stdout: missing } = await unsock(["doctor", "--lib", "/nowhere/l.so"], { env: testedLibrary() });
  assertMatch(missing, /^FAIL library \/nowhere\/l\.so: /m);
});

Deno.test({
  name: "doctor PORT offers a user's own directory, not another user's that a client cannot use",
  ignore: ignore || whyNoOtherUser() !== undefined,
  fn: () =>
    withDir(async (dir) => {
      using own = ownPort();
      const { port } = own;
      Deno.mkdirSync(`${dir}/unsock`);
      const program = await unsockForEverybody(`${dir}/unsock`);
      Deno.chmodSync(dir, 0o755);
      for (const [name, user] of [["closed", SERVER], ["own", 65534]] as const) {
        Deno.mkdirSync(`${dir}/${name}`, { mode: 0o700 });
        Deno.chownSync(`${dir}/${name}`, user, user);
      }
      const serve = (where: string, user: number) =>
        asUser(user, [libraryFile(), "run", "--dir", `${dir}/${where}`, "--", ...python("serve", port, "tcp")]);
      const doctor = async () =>
        verdictOf(await run(asNobody([program, "doctor", "--dir", `${dir}/s`, `${port}`]), { cwd: "/" }), port);
      await using closed = start(serve("closed", SERVER), { env: CLEAN });
      await until("another user's server is ready", () => closed.output().includes("ready"));
      assertMatch(
        await doctor(),
        /^FAIL => nobody serves PORT.*: ECONNREFUSED|^FAIL => nobody serves PORT, and no server can here: .* may not make it/,
      );
      await using mine = start(serve("own", 65534), { env: CLEAN });
      await until("the user's own server is ready", () => mine.output().includes("ready"));
      assertMatch(
        await doctor(),
        /^FAIL => nobody serves PORT in \S+, but in \S+\/own: ECONNREFUSED -> use --dir \S+\/own$/,
      );
    }),
});

Deno.test({
  name: "doctor PORT names a server whose directory is in another root",
  ignore: ignore || Deno.uid() !== 0 || !need("unshare", "mount"),
  fn: () =>
    withPort(async (env, port) => {
      const directory = env.UNSOCK_DIR ?? "";
      Deno.mkdirSync(directory);
      const inside = ["sh", "-c", 'mount -t tmpfs -o mode=700 none "$0" && exec "$@"', directory];
      const server = [...inside, libraryFile(), "run", "--", ...python("serve", port, "tcp")];
      await using process = start(["unshare", "--mount", ...server], { env: { ...CLEAN, ...env } });
      await until("the server is ready", () => process.output().includes("ready"));
      assertMatch(
        await verdict(port, env),
        /^FAIL => python3[^[]*\[\d+\] serves PORT in \S+\/s of another root, as of a container: ECONNREFUSED -> mount \S+\/s there under the same path$/,
      );
    }),
});

Deno.test({
  name: "doctor does not name nobody as the owner of what a user outside the user namespace owns",
  ignore: Deno.uid() !== 0 || !need("unshare") || !await mayUnshare(),
  fn: () =>
    withDir(async (dir) => {
      const words = ["unshare", "--user", "--map-users=0:1000:1", "--map-groups=0:1000:1", ...unsockCommand()];
      const { stdout, stderr } = await run([...words, "doctor", "--dir", dir]);
      assertMatch(stdout, /^\S+ +directory \S+: of a user outside this user namespace, mode 0700/m, stderr);
    }),
});
