/** Several users: a server of one, clients in a group, others who do not get in. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import * as path from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { unsockForEverybody } from "../support/everybody.ts";
import { assertNoIpListener } from "../support/net.ts";
import { run, type RunResult, start } from "../support/process.ts";
import { findProgram, need } from "../support/programs.ts";
import { asUser, CLIENT, MEMBERS, SERVER, STRANGER, whyNoOtherUser } from "../support/users.ts";
import { until } from "../support/wait.ts";

const CANNOT = whyNoOtherUser() !== undefined || !need("python3", "curl", "nginx");

/** Users with a command line that all of them may start, in a directory that all of them may enter. */
class Users {
  constructor(readonly unsock: string, readonly dir: string) {}

  command(uid: number, args: string[], groups: readonly number[] = []): string[] {
    return asUser(uid, [this.unsock, ...args], groups);
  }

  async run(uid: number, args: string[], groups: readonly number[] = []): Promise<RunResult> {
    return await run(this.command(uid, args, groups), { cwd: "/", env: this.env, clearEnv: true });
  }

  get env(): Record<string, string> {
    return { PATH: "/usr/local/bin:/usr/bin:/bin" };
  }

  /** A directory of this user's. */
  home(uid: number, mode = 0o755): string {
    const home = path.join(this.dir, `${uid}`);
    Deno.mkdirSync(home);
    Deno.chownSync(home, uid, uid);
    Deno.chmodSync(home, mode);
    return home;
  }
}

function test(name: string, fn: (users: Users) => Promise<void>): void {
  Deno.test({
    name,
    ignore: CANNOT,
    fn: () =>
      withDir(async (dir) => {
        const unsock = await unsockForEverybody(dir);
        await fn(new Users(unsock, dir));
      }),
  });
}

const modeOf = (file: string) => ((Deno.statSync(file).mode ?? 0) & 0o7777).toString(8);
const isThere = (file: string) => () => Deno.lstat(file).then(() => true, () => false);
const webServer = (port: number) => ["/usr/bin/python3", "-m", "http.server", "--bind", "127.0.0.1", `${port}`];
const curl = (port: number) => ["curl", "-sS", `http://127.0.0.1:${port}/`];

test("--group: members of the group can connect, others get EACCES, and no traffic goes to the network", async (users) => {
  const sockets = path.join(users.home(SERVER), "web");
  const serve = users.command(SERVER, ["run", "--dir", sockets, "--group", `${MEMBERS}`, ...webServer(8000)], [
    MEMBERS,
  ]);
  await using _server = start(serve, { cwd: "/usr/share", env: users.env, clearEnv: true });
  await until("the server is there", isThere(`${sockets}/8000.sock`));
  assertStrictEquals(modeOf(sockets), "2770");
  assertStrictEquals(Deno.statSync(sockets).gid, MEMBERS);
  // While it is made, the umask takes away from its mode; never more than that.
  await until("the socket file has its mode", () => modeOf(`${sockets}/8000.sock`) === "660");
  assertStrictEquals(Deno.lstatSync(`${sockets}/8000.sock`).gid, MEMBERS);
  assertNoIpListener(8000);
  const member = await users.run(CLIENT, ["run", "--dir", sockets, ...curl(8000)], [MEMBERS]);
  assertMatch(member.stdout, /Directory listing/, member.stderr);
  const stranger = await users.run(STRANGER, ["run", "--dir", sockets, ...curl(8000)]);
  assertMatch(stranger.stderr, /^curl: .*(Permission denied|Could not connect)/m);
  assert(stranger.code !== 0);
  assertMatch(
    stranger.stderr,
    /^unsock: directory \S+: user 61003 may not enter it, and so connect fails with EACCES: /m,
  );
  const doctor = await users.run(STRANGER, ["doctor", "--dir", sockets, "curl"]);
  assertMatch(
    doctor.stdout,
    /^note directory \S+: 61001's, mode 2770: you may not enter it: EACCES\n {5}-> .*the server's --group/m,
  );
  const probe = `import socket; print(socket.socket().connect_ex(("127.0.0.1", 8000)))`;
  const answer = await users.run(STRANGER, ["run", "--dir", sockets, "/usr/bin/python3", "-c", probe]);
  assertStrictEquals(answer.stdout, "13\n", answer.stderr);
});

test("a second run --group uses the directory; different rights are reported, not changed", async (users) => {
  const sockets = path.join(users.home(SERVER), "web");
  const again = () => users.run(SERVER, ["run", "--dir", sockets, "--group", `${MEMBERS}`, "true"], [MEMBERS]);
  for (const _ of [1, 2]) assertStrictEquals((await again()).code, 0);
  Deno.chmodSync(sockets, 0o700);
  const { code, stderr } = await again();
  assertStrictEquals(code, 125);
  assertMatch(stderr, /is there already, with other rights: chmod 2770 \/tmp/);
  assertStrictEquals(modeOf(sockets), "700");
});

test("a directory for a group can only be made by one of the group, and nothing stays behind", async (users) => {
  const sockets = path.join(users.home(SERVER), "web");
  const { code, stderr } = await users.run(SERVER, ["run", "--dir", sockets, "--group", `${MEMBERS}`, "true"]);
  assertStrictEquals(code, 125);
  assertMatch(stderr, /^unsock: directory .*: group 61100: Operation not permitted: you have to be one of the group/);
  assert(!await isThere(sockets)());
});

for (const [mode, owner] of [[0o2770, 0], [0o770, 0], [0o2770, SERVER]] as const) {
  test(`a directory that was made by hand, ${owner}:group ${mode.toString(8)}, is used by all members`, async (users) => {
    const sockets = path.join(users.dir, "prepared");
    Deno.mkdirSync(sockets);
    Deno.chownSync(sockets, owner, MEMBERS);
    Deno.chmodSync(sockets, mode);
    const serve = users.command(SERVER, ["run", "--dir", sockets, "--mode", "666", ...webServer(8000)], [MEMBERS]);
    await using _server = start(serve, { cwd: "/usr/share", env: users.env, clearEnv: true });
    await until("the server is there", isThere(`${sockets}/8000.sock`));
    const member = await users.run(CLIENT, ["run", "--dir", sockets, ...curl(8000)], [MEMBERS]);
    assertMatch(member.stdout, /Directory listing/, member.stderr);
  });
}

test("a directory that a service's user owns is root's to name; one that everybody may write to is not", async (users) => {
  const runtime = users.home(SERVER);
  const root = await run([users.unsock, "run", "--dir", runtime, "true"], { env: users.env, clearEnv: true });
  assertEquals([root.code, root.stderr], [0, ""]);
  const open = path.join(users.dir, "open");
  Deno.mkdirSync(open);
  Deno.chmodSync(open, 0o1777);
  const refused = await users.run(CLIENT, ["run", "--dir", open, "true"]);
  assertStrictEquals(refused.code, 125);
  assertMatch(refused.stderr, /everybody may write to it.*--dir \S+\/unsock, or trust everybody with --force\n$/);
  assertStrictEquals((await users.run(CLIENT, ["run", "--force", "--dir", open, "true"])).code, 0);
  assertStrictEquals((await users.run(CLIENT, ["run", "--dir", `${open}/unsock`, "true"])).code, 0);
  assertStrictEquals(Deno.statSync(`${open}/unsock`).uid, CLIENT);
});

test("run reports a directory that it cannot make, with the command to type", async (users) => {
  const closed = await users.run(CLIENT, ["run", "--dir", path.join(users.dir, "new"), "true"]);
  assertStrictEquals(closed.code, 125);
  assertMatch(closed.stderr, /you may not make it in \/tmp.*install -d -o 61002 -m 700 \/tmp\S+\/new\n$/);
  // The command printed for root makes a directory that the next run accepts.
  const forGroup = ["run", "--dir", path.join(users.dir, "g"), "--group", `${CLIENT}`, "true"];
  const refused = await users.run(CLIENT, forGroup);
  const [, line = ""] = /let root make it, (install .*)\n$/.exec(refused.stderr) ?? [];
  assertMatch(line, /^install -d -o 61002 -g 61002 -m 2770 \/tmp\S+\/g$/, refused.stderr);
  assertStrictEquals((await run(line.split(" "))).code, 0);
  assertStrictEquals((await users.run(CLIENT, forGroup)).code, 0);
  const missing = await users.run(CLIENT, ["run", "--dir", path.join(users.dir, "a", "b"), "true"]);
  assertMatch(missing.stderr, /\/a does not exist: make it first, mkdir -p \/tmp/);
  assert(!await isThere(path.join(users.dir, "a"))());
});

test("nginx's workers, as www-data, reach an ordinary user's server, and so does a third user through nginx", async (users) => {
  const wwwData = 33;
  const sockets = path.join(users.home(SERVER), "web");
  const serve = users.command(SERVER, ["run", "--dir", sockets, "--group", "www-data", ...webServer(8000)], [wwwData]);
  await using _server = start(serve, { cwd: "/usr/share", env: users.env, clearEnv: true });
  await until("the server is there", isThere(`${sockets}/8000.sock`));
  const front = path.join(users.dir, "nginx");
  Deno.mkdirSync(front);
  Deno.chmodSync(front, 0o755); // whatever the umask
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) =>
    `${name}_temp_path ${front}/${name};`
  );
  Deno.writeTextFileSync(
    `${front}/nginx.conf`,
    `daemon off; user www-data; pid ${front}/pid; error_log stderr; events {}
http { access_log off; ${temporary.join(" ")}
server { listen unix:${front}/front.sock; location / { proxy_pass http://unix:${sockets}/8000.sock:/; } } }`,
  );
  await using nginx = start([findProgram("nginx") ?? "", "-e", "stderr", "-p", front, "-c", `${front}/nginx.conf`]);
  await until("nginx is there", isThere(`${front}/front.sock`));
  const request = ["curl", "-sS", "--unix-socket", `${front}/front.sock`, "http://localhost/"];
  const third = await run(asUser(STRANGER, request));
  assertMatch(third.stdout, /Directory listing/, nginx.output());
});
