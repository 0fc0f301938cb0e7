/** `unsock unit`: systemd's own checker takes what it prints; activation by a socket works. */
import { assertEquals, assertMatch, assertNotMatch, assertStrictEquals } from "@std/assert";
import * as path from "@std/path/posix";
import { hiddenBy } from "../../lib/units/unit_files.ts";
import { copyProgram, withDir } from "../support/dir.ts";
import { run, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { findProgram, need } from "../support/programs.ts";
import { libraryFile, unsockRun } from "../support/library.ts";
import { NOBODY } from "../support/users.ts";
import { until } from "../support/wait.ts";
import { assertFails, unsock } from "./unsock.ts";

const programText = programsOf(import.meta);

async function write(dir: string, args: string[]): Promise<Record<string, string>> {
  const result = await unsock(["unit", "--output", dir, ...args]);
  assertStrictEquals(result.code, 0, result.stderr);
  return Object.fromEntries(
    result.stdout.trimEnd().split("\n").map((file) => [path.basename(file), Deno.readTextFileSync(file)]),
  );
}

async function assertVerified(dir: string, units: Record<string, string>): Promise<void> {
  const files = Object.keys(units).map((name) => path.join(dir, name));
  const { code, stdout, stderr } = await run([findProgram("systemd-analyze") ?? "", "verify", ...files]);
  // It reads the units that these may depend on, too: what it says of the machine's own is none of ours.
  const ours = stderr.split("\n").filter((line) =>
    line !== "" && !/^(\/usr)?\/(lib|etc)\/systemd\/system\//.test(line)
  );
  assertEquals([code, stdout, ours], [0, "", []]);
}

const WWW_DATA = 33;

const CANNOT = !need("systemd-analyze", "systemd-run-directory", "python3");

Deno.test({
  name: "unit prints a service that systemd's checker takes, with the settings and a directory of its own",
  ignore: CANNOT,
  fn: () =>
    withDir(async (dir) => {
      const odd = ["a b", "$HOME", "100%", `"'\\`, "", "tab\there"];
      const units = await write(dir, ["--name", "example", "--port", "8000", "--", "env", "true", ...odd]);
      assertEquals(Object.keys(units), ["example.service"]);
      const text = units["example.service"] ?? "";
      assertMatch(text, /^ExecStart=\/\S+libunsock\S*\.so run -- \/\S+\/env true "a b" \$\$HOME 100%% /m);
      assertMatch(text, /^Environment=UNSOCK_DIR=\/run\/example$/m);
      assertMatch(text, /^Environment=UNSOCK_PORT=8000$/m);
      for (const line of ["DynamicUser=yes", "RuntimeDirectory=example", "RestrictAddressFamilies=AF_UNIX"]) {
        assertMatch(text, new RegExp(`^${line}$`, "m"));
      }
      await assertVerified(dir, units);
    }),
});

Deno.test({
  name: "unit: a user, a group, a directory of another place, the network",
  ignore: CANNOT,
  fn: () =>
    withDir(async (dir) => {
      const options = ["--user", "root", "--group", "root", "--network", "--block-inet6", "--dir", "/srv/sockets"];
      const units = await write(dir, ["--name", "other", ...options, "--", "true"]);
      const text = units["other.service"] ?? "";
      for (const line of ["User=root", "Group=root", "ReadWritePaths=/srv/sockets", "Environment=UNSOCK_MODE=660"]) {
        assertMatch(text, new RegExp(`^${line}$`, "m"));
      }
      assertMatch(text, /^RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK$/m);
      assertNotMatch(text, /DynamicUser|RuntimeDirectory/);
      await assertVerified(dir, units);
      assertFails(
        await unsock(["unit", "--output", dir, "--name", "other", "true"]),
        1,
        /exists already: remove it first/,
      );
    }),
});

Deno.test({
  name: "unit --socket: systemd listens at the ports' files",
  ignore: CANNOT,
  fn: () =>
    withDir(async (dir) => {
      const units = await write(dir, ["--socket", "--port", "80,8000-8001", "--name", "web", "--", "true"]);
      assertEquals(Object.keys(units), ["web.service", "web.socket"]);
      assertMatch(
        units["web.socket"] ?? "",
        /^ListenStream=\/run\/web\/80\.sock\nListenStream=\/run\/web\/8000\.sock$/m,
      );
      assertMatch(units["web.service"] ?? "", /^Requires=web\.socket$/m);
      await assertVerified(dir, units);
      assertFails(await unsock(["unit", "--socket", "true"]), 2, /--socket needs the ports/);
      assertFails(await unsock(["unit"]), 2, /unit: no command/);
      assertFails(await unsock(["unit", "no-such-program"]), 127, /not found in PATH/);
    }),
});

Deno.test("unit prints the unit, and a warning for each file that the unit hides from the service", () =>
  withDir(async (dir) => {
    const [program, library] = [path.join(dir, "server"), path.join(dir, "libunsock.so")];
    copyProgram("/bin/true", program);
    copyProgram(libraryFile(), library);
    const options = ["--lib", library, "--dir", path.join(dir, "s")];
    const { code, stdout, stderr } = await unsock(["unit", ...options, "--", program]);
    const lines = [`program ${program}`, `library ${library}`, `directory ${dir}/s`];
    assertEquals(
      stderr.trimEnd().split("\n").map((line) => line.replace(/: [^:]+$/, "")),
      lines.map((what) => `unsock: unit: ${what}: PrivateTmp=yes hides it from the service`),
    );
    assertMatch(stdout, /^ExecStart=/m);
    assertStrictEquals(code, 0);
    for (const hidden of ["/home/me/bin/server", "/root/server", "/run/user/1000/s"]) {
      assertStrictEquals(hiddenBy(hidden), "ProtectHome=yes");
    }
    for (const seen of ["/homes/server", "/usr/tmp", "/run/users"]) assertStrictEquals(hiddenBy(seen), undefined);
  }));

Deno.test({
  name: "unit prints a warning for each file that the service's user may not use",
  ignore: Deno.uid() !== 0,
  fn: async () => {
    // Not below /tmp, which a service has to itself; and directories below /run systemd makes.
    const dir = await Deno.makeTempDir({ dir: "/run", prefix: "unsock-unit-" });
    const shared = await Deno.makeTempDir({ dir: "/dev/shm", prefix: "unsock-unit-" });
    try {
      for (const open of [dir, shared]) Deno.chmodSync(open, 0o755);
      const [program, library, sockets] = [
        path.join(dir, "server"),
        path.join(dir, "libunsock.so"),
        path.join(shared, "s"),
      ];
      copyProgram("/bin/true", program);
      copyProgram(libraryFile(), library);
      const script = path.join(dir, "script");
      Deno.writeTextFileSync(script, `#!${program}\n`, { mode: 0o755 });
      const warned = async (...args: string[]) => {
        const { code, stdout, stderr } = await unsock(["unit", "--lib", library, ...args]);
        assertMatch(stdout, /^ExecStart=/m);
        assertStrictEquals(code, 0, stderr);
        return stderr;
      };
      const line = (text: string) => new RegExp(`^unsock: unit: ${text}: [^\n]+\n$`);
      Deno.chmodSync(program, 0o755);
      for (const user of [[], ["--user", "nobody"], ["--user", "nobody", "--group", "www-data"], ["--user", "root"]]) {
        assertStrictEquals(await warned(...user, "--", script), "");
      }
      Deno.chmodSync(program, 0o700);
      assertStrictEquals(await warned("--user", "root", "--", script), "");
      const cannot = "user nobody cannot execute it";
      assertMatch(await warned("--user", "nobody", "--", script), line(`program ${program}: ${cannot}`));
      assertMatch(await warned("--", program), line(`program ${program}: the service's user cannot execute it`));
      // A group's right, which only the unit's Group= gives.
      Deno.chownSync(program, 0, WWW_DATA);
      Deno.chmodSync(program, 0o750);
      assertMatch(await warned("--user", "nobody", "--", program), line(`program ${program}: ${cannot}`));
      assertStrictEquals(await warned("--user", "nobody", "--group", "www-data", "--", program), "");
      Deno.chmodSync(library, 0o700);
      assertMatch(await warned("--user", "nobody", "--", "true"), line(`library ${library}: ${cannot}`));
      Deno.chmodSync(library, 0o755);
      const served = ["--user", "nobody", "--dir", sockets, "--", "true"];
      const make = `make it first, install -d -o nobody -m 0750 ${sockets}`;
      assertStrictEquals(await warned(...served), `unsock: unit: directory ${sockets}: does not exist: ${make}\n`);
      Deno.mkdirSync(sockets, { mode: 0o755 });
      assertMatch(await warned(...served), line(`directory ${sockets}: user nobody cannot make files in it`));
      Deno.chownSync(sockets, NOBODY, NOBODY);
      assertStrictEquals(await warned(...served), "");
    } finally {
      for (const made of [dir, shared]) await Deno.remove(made, { recursive: true });
    }
  },
});

Deno.test({
  name: "a program that a service manager starts for a port's socket sees a TCP listener and IP clients",
  ignore: !need("systemd-socket-activate", "python3"),
  fn: () =>
    withDir(async (dir) => {
      const sockets = path.join(dir, "s");
      Deno.mkdirSync(sockets);
      const file = path.join(sockets, "8000.sock");
      const activate = [findProgram("systemd-socket-activate") ?? "", "-l", file];
      await using manager = start([...activate, ...unsockRun(sockets, ["python3", "-c", programText("activated")])]);
      // The file is there before that.
      await until("the manager listens", () => /^Listening on /m.test(manager.output()));
      const ask = `import socket; print(socket.create_connection(("127.0.0.1", 8000)).recv(9).decode())`;
      const client = await run(unsockRun(sockets, ["python3", "-c", ask]));
      assertStrictEquals(client.stdout, "served\n", client.stderr + manager.output());
      await manager.status;
      assertMatch(manager.output(), /^AF_INET \('127\.0\.0\.1', 8000\)\n127\.0\.0\.1$/m);
    }),
});
