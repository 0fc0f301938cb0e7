/** `unsock unit`: systemd's own checker takes what it prints; activation by a socket works. */
import { assertEquals, assertMatch, assertNotMatch, assertStrictEquals } from "@std/assert";
import * as path from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { run, start } from "../support/process.ts";
import { findProgram, need } from "../support/programs.ts";
import { unsockRun } from "../support/shim.ts";
import { until } from "../support/wait.ts";
import { assertFails, unsock } from "./unsock.ts";

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
  assertEquals([code, stdout, stderr], [0, "", ""]);
}

const CANNOT = !need("systemd-analyze", "python3");

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

const ACTIVATED = `
import os, socket
assert os.environ["LISTEN_FDS"] == "1"
server = socket.socket(fileno=3)
print(server.family.name, server.getsockname(), flush=True)
connection, address = server.accept()
print(address[0], flush=True)
connection.sendall(b"served")
connection.close()
`;

Deno.test({
  name: "a program that a service manager starts for a port's socket sees a TCP listener and IP clients",
  ignore: !need("systemd-socket-activate", "python3"),
  fn: () =>
    withDir(async (dir) => {
      const sockets = path.join(dir, "s");
      Deno.mkdirSync(sockets);
      const file = path.join(sockets, "8000.sock");
      const activate = [findProgram("systemd-socket-activate") ?? "", "-l", file];
      await using manager = start([...activate, ...unsockRun(sockets, ["python3", "-c", ACTIVATED])]);
      await until("the manager listens", () => Deno.lstat(file).then(() => true, () => false));
      const ask = `import socket; print(socket.create_connection(("127.0.0.1", 8000)).recv(9).decode())`;
      const client = await run(unsockRun(sockets, ["python3", "-c", ask]));
      assertStrictEquals(client.stdout, "served\n", client.stderr + manager.output());
      await manager.status;
      assertMatch(manager.output(), /^AF_INET \('127\.0\.0\.1', 8000\)\n127\.0\.0\.1$/m);
    }),
});
