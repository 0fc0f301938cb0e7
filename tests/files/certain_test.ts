/** A live server's file is never removed, whoever holds it and however little of that can be seen. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { namesIn, withDir } from "../support/dir.ts";
import { run, start } from "../support/process.ts";
import { findProgram, need } from "../support/programs.ts";
import { python } from "../support/python.ts";
import { shimEnv } from "../support/shim.ts";
import { asNobody, whyNoOtherUser } from "../support/users.ts";
import { until } from "../support/wait.ts";

const ignore = !need("python3");
const PYTHON = "/usr/bin/python3";

const SERVE = `
import socket, sys
listener = socket.create_server(("127.0.0.1", 2001))
print("serves", flush=True)
while True: listener.accept()[0].send(b"first")
`;

const TRY = `
import errno, socket, sys
try:
    listener = socket.create_server(("127.0.0.1", 2001))
    print("bound")
except OSError as error:
    print(errno.errorcode[error.errno])
    print(socket.create_connection(("127.0.0.1", 2001)).recv(5).decode())
`;

async function tries(dir: string, command: string[] = [PYTHON, "-c", TRY]): Promise<string> {
  const { stdout, stderr } = await run(command, { env: shimEnv(dir) });
  assertStrictEquals(stderr, "");
  return stdout;
}

/** Ways to start a server so that nobody sees who it is. */
const UNSEEN: readonly { story: string; command: string[]; why?: string | undefined }[] = [
  {
    story: "in another PID namespace",
    command: ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"],
    why: whyNoOtherUser() ?? (findProgram("unshare") === undefined ? "unshare is not there" : undefined),
  },
  { story: "of another user", command: asNobody([]), why: whyNoOtherUser() },
];

for (const { story, command, why } of UNSEEN) {
  Deno.test(
    `a server ${story} keeps its file, and goes on serving`,
    { ignore: ignore || why !== undefined },
    () =>
      withDir(async (dir) => {
        await Deno.chmod(dir, 0o777);
        await using server = start([...command, PYTHON, "-c", SERVE], { env: shimEnv(dir) });
        await until("serving", () => server.output().includes("serves"));
        assertStrictEquals(await tries(dir), "EADDRINUSE\nfirst\n");
      }),
  );
}

const HANDED_ON = `
import array, time
ours, theirs = socket.socketpair(socket.AF_UNIX)
ready, go = os.pipe()
child = os.fork()
if child == 0:
    ours.close()
    os.read(ready, 1)
    # The process that had it has ended: it was on its way all the time.
    message, ancillary, _, _ = theirs.recvmsg(1, socket.CMSG_SPACE(4))
    listener = socket.socket(fileno=array.array("i", ancillary[0][2])[0])
    client = socket.create_connection(("127.0.0.1", 2001))
    listener.accept()[0].send(b"served")
    print(files(), client.recv(6).decode(), flush=True)
    os._exit(0)
theirs.close()
listener = socket.create_server(("127.0.0.1", 2001))
ours.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [listener.fileno()]))])
listener.close()
os.write(go, b"x")
`;

Deno.test(
  "a listener that is on its way to another process keeps its file, though nobody has it open",
  { ignore },
  () =>
    withDir(async (dir) => {
      assertStrictEquals(await python(HANDED_ON, dir), "['2001.sock'] served\n");
      await until("its last holder's file is gone", () => [...Deno.readDirSync(dir)].length === 0);
    }),
);

const INHERITED = `
import time
listener = socket.create_server(("127.0.0.1", 2001))
os.set_inheritable(listener.fileno(), True)
if os.fork() == 0:
    # Not under the library, and not to be looked into.
    env = {name: value for name, value in os.environ.items() if not name.startswith(("UNSOCK", "LD_"))}
    os.execve("/bin/sleep", ["sleep", "60"], env)
print(os.getpid(), flush=True)
`;

Deno.test(
  "a listener that a program outside the library has inherited keeps its file",
  { ignore },
  () =>
    withDir(async (dir) => {
      await using family = start([PYTHON, "-c", `import os, socket\n${INHERITED}`], { env: shimEnv(dir) });
      await family.status;
      assertEquals(namesIn(dir), ["2001.sock"]);
      const { stdout } = await run([PYTHON, "-c", TRY.split("    print(socket")[0] ?? ""], { env: shimEnv(dir) });
      assertStrictEquals(stdout, "EADDRINUSE\n");
    }),
);

/**
 * Whose file another user's may still be is told by the names of all sockets there are: a port that no other test has
 * in a directory of its own.
 */
const PORT = 10_000 + (crypto.getRandomValues(new Uint16Array(1))[0] ?? 0) % 20_000;

const LEAVE = `
import os, signal, socket
os.umask(int(sys.argv[1], 8)) if len(sys.argv) > 1 else None
listener = socket.create_server(("127.0.0.1", ${PORT}))
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", ${PORT}))
print("serves", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
`;

const TAKE = `
import socket
listener = socket.create_server(("127.0.0.1", ${PORT}))
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", ${PORT}))
print("bound")
`;

async function leave(dir: string, as: (command: string[]) => string[], extra: Record<string, string>, umask: string) {
  await run(as([PYTHON, "-c", `import sys\n${LEAVE}`, umask]), { env: shimEnv(dir, extra) });
  assertEquals(namesIn(dir), [`${PORT}.dgram.sock`, `${PORT}.sock`]);
}

Deno.test("left-over files of another user in a directory of both do not keep the port", {
  ignore: ignore || whyNoOtherUser() !== undefined,
}, () =>
  withDir(async (dir) => {
    await Deno.chmod(dir, 0o777);
    await leave(dir, (command) => command, {}, "022");
    const { stdout, stderr } = await run(asNobody([PYTHON, "-c", TAKE]), { env: shimEnv(dir) });
    assertStrictEquals(stdout, "bound\n", stderr);
    assertEquals([...Deno.readDirSync(dir)], []);
  }));

const SHUT_OUT: readonly { story: string; extra: Record<string, string>; umask: string }[] = [
  { story: "a umask that shuts out the owner", extra: {}, umask: "777" },
  { story: "UNSOCK_MODE without the owner's rights", extra: { UNSOCK_MODE: "066" }, umask: "022" },
];

for (const { story, extra, umask } of SHUT_OUT) {
  Deno.test(`the port comes back under ${story}, after close and after a kill`, {
    ignore: ignore || whyNoOtherUser() !== undefined,
  }, () =>
    withDir(async (dir) => {
      await Deno.chmod(dir, 0o777);
      await leave(dir, asNobody, extra, umask);
      for (let i = 0; i < 2; i++) {
        const program = `import os\nos.umask(0o${umask})\n${TAKE}`;
        const { stdout, stderr } = await run(asNobody([PYTHON, "-c", program]), { env: shimEnv(dir, extra) });
        assertStrictEquals(stdout, "bound\n", stderr);
        assertEquals([...Deno.readDirSync(dir)], []);
      }
    }));
}

const OTHER_NAMESPACE = "unshare --net --fork --kill-child --";

Deno.test("another user's file that may live in another network namespace is left alone", {
  ignore: ignore || whyNoOtherUser() !== undefined || findProgram("unshare") === undefined,
}, () =>
  withDir(async (dir) => {
    await Deno.chmod(dir, 0o777);
    await leave(dir, (command) => [...OTHER_NAMESPACE.split(" "), ...command], {}, "022");
    const program = TAKE.replace("import socket", "import socket, sys\nsys.tracebacklimit = 0");
    const { stdout, stderr } = await run(asNobody([PYTHON, "-c", program]), { env: shimEnv(dir) });
    assertStrictEquals(stdout, "");
    assertMatch(stderr, /Address already in use/);
  }));
