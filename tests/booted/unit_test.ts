/** The units that `unsock unit` prints, in a booted systemd: they start, serve whom they shall, and nobody else. */
import { assertMatch, assertNotMatch, assertStrictEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path/posix";
import { unsock } from "../cli/unsock.ts";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";
import { NOBODY } from "../support/users.ts";
import { until } from "../support/wait.ts";
import { canBoot, System } from "./system.ts";

const programText = programsOf(import.meta);

/** Where the booted system has the library: one that every service may read, as `unsock install` puts it there. */
const LIBRARY = "/usr/local/lib/libunsock.so";
const UNITS = "etc/systemd/system";
const WWW_DATA = 33;
const EACCES = 13;
const BUILD_MS = 400_000;

const ignore = !canBoot() || !need("python3", "curl", "setpriv");

/** Writes files of a system whose services have the library. */
async function withFiles(fn: (files: string, dir: string) => Promise<void>): Promise<void> {
  await withDir(async (dir) => {
    const files = join(dir, "files");
    await Deno.mkdir(join(files, UNITS), { recursive: true });
    await Deno.mkdir(join(files, "usr/local/lib"), { recursive: true });
    await Deno.copyFile(libraryFile(), join(files, LIBRARY));
    await fn(files, dir);
  });
}

/** Writes what `unsock unit` prints among the files. */
async function writeUnits(files: string, ...args: string[]): Promise<void> {
  const { code, stderr } = await unsock(["unit", "--lib", libraryFile(), "--output", join(files, UNITS), ...args]);
  assertStrictEquals(code, 0, stderr);
  for (const { name, isFile } of Deno.readDirSync(join(files, UNITS))) {
    if (!isFile) continue;
    const file = join(files, UNITS, name);
    Deno.writeTextFileSync(file, Deno.readTextFileSync(file).replaceAll(libraryFile(), LIBRARY).replaceAll(files, ""));
  }
}

const as = (uid: number) => ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "env", "HOME=/"];
const client = (dir: string) => [LIBRARY, "run", "--dir", dir, "--", "curl", "-sS", "http://127.0.0.1:8000/"];

Deno.test({
  name:
    "a service of unsock unit starts in a booted systemd: its group gets in, others get EACCES, and it ends cleanly",
  ignore,
  fn: () =>
    withFiles(async (files, dir) => {
      const server = ["/usr/bin/python3", "-m", "http.server", "--bind", "127.0.0.1", "8000"];
      await writeUnits(files, "--name", "example", "--group", "www-data", "--", ...server);
      await using system = await System.boot(dir, files);
      await system.run("systemctl", "start", "example.service");
      const file = "/run/example/8000.sock";
      await until(`${file} is there`, async () => (await system.tryRun("test", "-S", file)).code === 0);
      assertMatch((await system.run(...as(WWW_DATA), ...client("/run/example"))).stdout, /Directory listing/);
      const connect = 'import socket; print(socket.socket().connect_ex(("127.0.0.1", 8000)))';
      const stranger = [LIBRARY, "run", "--dir", "/run/example", "--", "/usr/bin/python3", "-c", connect];
      assertStrictEquals((await system.run(...as(NOBODY), ...stranger)).stdout, `${EACCES}\n`);
      const tcp = await system.run("cat", "/proc/net/tcp", "/proc/net/tcp6");
      // Sockets of other packages of this machine are there, too.
      assertNotMatch(tcp.stdout, /^ *\d+: [0-9A-F]+:1F40 /m, "port 8000");
      assertMatch(tcp.stdout, /local_address/);
      await system.run("systemctl", "stop", "example.service");
      assertStrictEquals((await system.tryRun("test", "-e", "/run/example")).code, 1, "its directory went with it");
      assertMatch((await system.run("systemctl", "show", "-P", "Result", "example")).stdout, /^success$/m);
    }),
});

Deno.test({
  name: "a static Go server starts below the filter of its unit, and its group gets in",
  ignore: ignore || !need("go"),
  fn: () =>
    withFiles(async (files, dir) => {
      const source = join(dir, "serve.go");
      const binary = join(files, "usr/local/lib/serve");
      await Deno.writeTextFile(source, programText("serve.go"));
      const env = { CGO_ENABLED: "0", GOCACHE: fromFileUrl(import.meta.resolve("../../build/gocache")) };
      const built = await run(["go", "build", "-o", binary, source], { env, timeoutMs: BUILD_MS });
      assertStrictEquals(built.code, 0, built.stderr);
      await writeUnits(files, "--name", "served", "--group", "www-data", "--", binary);
      await using system = await System.boot(dir, files);
      await system.run("systemctl", "start", "served.service");
      const file = "/run/served/8000.sock";
      await until(`${file} is there`, async () => (await system.tryRun("test", "-S", file)).code === 0);
      const { stdout } = await system.run(...as(WWW_DATA), ...client("/run/served"));
      assertMatch(stdout, /^Go for 127\.0\.0\.1:\d+\n$/);
      assertMatch((await system.run("systemctl", "show", "-P", "SystemCallFilter", "served")).stdout, /socket/);
      assertNotMatch((await system.run("cat", "/proc/net/tcp", "/proc/net/tcp6")).stdout, /^ *\d+: [0-9A-F]+:1F40 /m);
    }),
});

Deno.test({
  name: "a socket unit of unsock unit --socket starts its service when the first client comes",
  ignore,
  fn: () =>
    withFiles(async (files, dir) => {
      await Deno.writeTextFile(join(files, "usr/local/lib/activated.py"), programText("activated"));
      const server = ["/usr/bin/python3", "/usr/local/lib/activated.py"];
      await writeUnits(files, "--name", "activated", "--socket", "--port", "8000", "--", ...server);
      await using system = await System.boot(dir, files);
      await system.run("systemctl", "start", "activated.socket");
      const state = async () => (await system.tryRun("systemctl", "is-active", "activated.service")).stdout.trim();
      assertStrictEquals(await state(), "inactive");
      const { stdout } = await system.run(...client("/run/activated"));
      assertStrictEquals(stdout, "AF_INET 127.0.0.1 127.0.0.1");
      assertStrictEquals(await state(), "active");
      const plain = ["curl", "-sS", "--unix-socket", "/run/activated/8000.sock", "http://localhost/"];
      assertStrictEquals((await system.run(...plain)).stdout, "AF_INET 127.0.0.1 127.0.0.1");
    }),
});

Deno.test({
  name: "a socket unit of unsock unit --socket serves a program that knows nothing of it, stopped and started again",
  ignore,
  fn: () =>
    withFiles(async (files, dir) => {
      const server = ["/usr/bin/python3", "-m", "http.server", "--bind", "127.0.0.1", "8000"];
      await writeUnits(files, "--name", "unaware", "--socket", "--port", "8000", "--", ...server);
      await using system = await System.boot(dir, files);
      await system.run("systemctl", "start", "unaware.socket");
      const state = async (unit: string) => (await system.tryRun("systemctl", "is-active", unit)).stdout.trim();
      for (let i = 0; i < 2; i++) {
        assertStrictEquals(await state("unaware.service"), "inactive");
        for (let j = 0; j < 2; j++) {
          assertMatch((await system.run(...client("/run/unaware"))).stdout, /Directory listing/);
        }
        assertStrictEquals(await state("unaware.service"), "active");
        await system.run("systemctl", "stop", "unaware.service");
        assertStrictEquals(await state("unaware.socket"), "active");
      }
      await system.run("systemctl", "stop", "unaware.socket");
      assertStrictEquals((await system.tryRun("test", "-e", "/run/unaware/8000.sock")).code, 1, "systemd's file");
    }),
});
