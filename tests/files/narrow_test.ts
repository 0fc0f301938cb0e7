/** Where something is short: ports, descriptors, room for files, the right to write. */
import { assert, assertMatch, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { run, start } from "../support/process.ts";
import { findProgram, need } from "../support/programs.ts";
import { python } from "../support/python.ts";
import { shimEnv } from "../support/shim.ts";
import { asNobody, whyNoOtherUser } from "../support/users.ts";
import { until } from "../support/wait.ts";

const ignore = !need("python3");
const PYTHON = "/usr/bin/python3";

const LEAVE_ALL = `
import os, socket
first, last = map(int, open("/proc/sys/net/ipv4/ip_local_port_range").read().split())
for port in range(first, last + 1):
    for name in (".%d@127.0.0.1", "%d.dgram.sock"):
        left = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM if "@" in name else socket.SOCK_DGRAM)
        left.bind(os.environ["UNSOCK_DIR"] + "/" + name % port)
        left.close()
    os.symlink(".%d@127.0.0.1" % port, os.environ["UNSOCK_DIR"] + "/%d.sock" % port)
`;

const ASK_ONCE = `
import socket
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.sendto(b"x", ("127.0.0.1", 9))
listener = socket.create_server(("127.0.0.1", 0))
`;

Deno.test("left-over files of every ephemeral port cost the next client and server twenty looks at most", {
  ignore: ignore || !need("strace"),
}, () =>
  withDir(async (dir) => {
    const made = await run([PYTHON, "-c", LEAVE_ALL], { env: { UNSOCK_DIR: dir } });
    assertStrictEquals(made.code, 0, made.stderr);
    const trace = ["strace", "-f", "-e", "trace=bind,readlinkat", "-o", `${dir}/trace`];
    const env = Object.entries(shimEnv(dir)).map(([name, value]) => `-E${name}=${value}`);
    const { code, stderr } = await run([...trace, ...env, PYTHON, "-c", ASK_ONCE]);
    assertStrictEquals(code, 0, stderr);
    const binds = (await Deno.readTextFile(`${dir}/trace`)).split("\n").filter((line) =>
      /bind\(|readlinkat\(/.test(line)
    );
    for (const kind of [".dgram.sock", /\d\.sock/]) {
      const looks = binds.filter((line) => typeof kind === "string" ? line.includes(kind) : kind.test(line));
      assert(looks.length > 0 && looks.length <= 20, `${looks.length} looks:\n${looks.slice(0, 3).join("\n")}`);
    }
  }));

const SERVE = `
import socket
listener = socket.create_server(("127.0.0.1", 2001))
print("serves", flush=True)
while True: listener.accept()[0].send(b"first")
`;

/** Binds a live port, a left-over one and a free one; then asks the live server. */
const TRY = `
import errno, socket
def bind(port):
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    full() if "full" in globals() else None
    try:
        server.bind(("127.0.0.1", port))
        return "bound"
    except OSError as error:
        return errno.errorcode[error.errno]
    finally:
        free() if "free" in globals() else None
        server.close()
print(bind(2001), bind(2002), bind(2003))
print(socket.create_connection(("127.0.0.1", 2001)).recv(5).decode())
`;

const NO_DESCRIPTOR = `
import resource
taken = []
def full():
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    try:
        while True: taken.append(open("/dev/null"))
    except OSError: pass
def free():
    while taken: taken.pop().close()
`;

async function leftOver(dir: string): Promise<void> {
  const program = `import socket\nleft = socket.socket(socket.AF_UNIX)\nleft.bind("${dir}/2002.sock")`;
  assertStrictEquals((await run([PYTHON, "-c", program])).code, 0);
}

async function besideServer(dir: string, command: string[]): Promise<string> {
  await using server = start([PYTHON, "-c", SERVE], { env: shimEnv(dir) });
  await until("serving", () => server.output().includes("serves"));
  await leftOver(dir);
  const { stdout, stderr } = await run(command, { env: shimEnv(dir) });
  assertStrictEquals(stderr, "");
  return stdout;
}

Deno.test(
  "with no descriptor left bind says that there are no buffers, as TCP could, and the live server is untouched",
  {
    ignore,
  },
  () =>
    withDir(async (dir) => {
      const [outcomes = "", answer] = (await besideServer(dir, [PYTHON, "-c", NO_DESCRIPTOR + TRY])).split("\n");
      assertStrictEquals(answer, "first");
      for (const outcome of outcomes.split(" ")) assertMatch(outcome, /^(EADDRINUSE|ENOBUFS|bound)$/);
    }),
);

Deno.test("in a directory that may not be written to bind is refused, and the live server is untouched", {
  ignore: ignore || whyNoOtherUser() !== undefined,
}, () =>
  withDir(async (dir) => {
    await Deno.chmod(dir, 0o755);
    const open = `import os\nos.umask(0)\n${SERVE}`;
    await using server = start([PYTHON, "-c", open], { env: shimEnv(dir) });
    await until("serving", () => server.output().includes("serves"));
    await leftOver(dir);
    const { stdout, stderr } = await run(asNobody([PYTHON, "-c", TRY]), { env: shimEnv(dir) });
    assertStrictEquals(stdout, "EADDRINUSE EADDRINUSE EACCES\nfirst\n", stderr);
  }));

const IN_SMALL_FILE_SYSTEM = `
set -e
mount -t tmpfs -o size=64k,nr_inodes=5 tmpfs "$UNSOCK_DIR"
"$@" -c "$SERVE" > "$OUT" &
while ! grep -q serves "$OUT"; do sleep 0.05; done
"$@" -c "$LEAVE"
: > "$UNSOCK_DIR/full"
"$@" -c "$TRY"
kill $!
`;

Deno.test("in a full file system bind says that there are no buffers, and the live server is untouched", {
  ignore: ignore || whyNoOtherUser() !== undefined || findProgram("unshare") === undefined,
}, () =>
  withDir(async (dir) => {
    await Deno.mkdir(`${dir}/s`);
    const LEAVE = `import socket\nleft = socket.socket(socket.AF_UNIX)\nleft.bind("${dir}/s/2002.sock")`;
    const env = { ...shimEnv(`${dir}/s`), SERVE, LEAVE, TRY, OUT: `${dir}/out` };
    const command = ["unshare", "--mount", "sh", "-c", IN_SMALL_FILE_SYSTEM, "sh", PYTHON];
    const { stdout, stderr } = await run(command, { env });
    assertStrictEquals(stdout, "EADDRINUSE ENOBUFS ENOBUFS\nfirst\n", stderr);
  }));

Deno.test("a directory that was removed is no reason to use the network", { ignore }, () =>
  withDir(async (dir) => {
    const program = `
import errno, shutil
shutil.rmtree(os.environ["UNSOCK_DIR"])
for call in (lambda s: s.bind(("127.0.0.1", 2003)), lambda s: s.connect(("127.0.0.1", 2003))):
    try: call(socket.socket())
    except OSError as error: print(errno.errorcode[error.errno], end=" ")
`;
    await Deno.mkdir(`${dir}/s`);
    assertStrictEquals(await python(program, `${dir}/s`), "EACCES ECONNREFUSED ");
  }));
