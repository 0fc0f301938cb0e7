/** Which files sockets leave, share and hand on: what TCP and UDP do without any file must come out the same. */
import assert from "node:assert/strict";
import { withDir } from "./support/dir.ts";
import { run } from "./support/process.ts";
import { need } from "./support/programs.ts";
import { shimEnv } from "./support/shim.ts";

const ignore = !need("python3");

/** Runs a Python program under the library; `files()` in it names what is in the directory. */
async function python(program: string, dir: string, ...args: string[]): Promise<string> {
  const helpers = `
import ctypes, os, platform, socket, sys
def files(): return sorted(os.listdir(os.environ["UNSOCK_DIR"]))
def raw_close(fd): ctypes.CDLL(None).syscall(3 if platform.machine() == "x86_64" else 57, fd)
`;
  const { stdout, stderr } = await run(["python3", "-c", helpers + program, ...args], { env: shimEnv(dir) });
  assert.equal(stderr, "");
  return stdout;
}

const ASK_AND_CLOSE = `
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 2001))
for i in range(20):
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.sendto(b"x", ("127.0.0.1", 2001))
    receiver.recv(1)
    raw_close(client.detach())
print(len(files()))
`;

Deno.test(
  "a program that closes by raw system calls, as libuv does, leaves no files behind",
  { ignore },
  () =>
    withDir(async (dir) => {
      assert.equal(await python(ASK_AND_CLOSE, dir), "2\n", "the receiver's, and the last client's until the end");
      assert.deepEqual([...Deno.readDirSync(dir)], []);
    }),
);

const REUSED_NUMBER = `
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.sendto(b"x", ("127.0.0.1", 2001))
number = client.detach()
raw_close(number)
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
file = libc.fopen(sys.argv[1].encode(), b"w")
assert os.readlink("/proc/self/fd/%d" % number) == sys.argv[1]
libc.fputs(b"written at the very end", ctypes.c_void_p(file))
`;

Deno.test(
  "what took a closed socket's number is not closed at the end of the program",
  { ignore },
  () =>
    withDir(async (dir) => {
      await Deno.mkdir(`${dir}/s`);
      await python(REUSED_NUMBER, `${dir}/s`, `${dir}/file`);
      assert.equal(await Deno.readTextFile(`${dir}/file`), "written at the very end");
      assert.deepEqual([...Deno.readDirSync(`${dir}/s`)], []);
    }),
);

/** As socat's UDP4-LISTEN with fork does. */
const A_CHILD_FOR_EACH = `
def bind():
    fd = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    fd.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    fd.bind(("127.0.0.1", 2001))
    fd.settimeout(10)
    return fd
clients = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for i in range(3)]
for i, client in enumerate(clients):
    client.settimeout(10)
    server = bind()
    client.connect(("127.0.0.1", 2001))
    client.send(b"first")
    server.connect(server.recvfrom(9)[1])
    if os.fork() == 0:
        server.send(b"%d " % i + server.recv(9))
        os._exit(0)
    server.close()
for client in reversed(clients):
    client.send(b"second")
    print(client.recv(9))
for client in clients: os.wait()
`;

Deno.test("a datagram server that forks for each client binds its port again, and each child keeps its client", {
  ignore,
}, () =>
  withDir(async (dir) => {
    assert.equal(await python(A_CHILD_FOR_EACH, dir), "b'2 second'\nb'1 second'\nb'0 second'\n");
  }));

const NOT_ONE_FOR_ALL = `
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 2001))
if os.fork() == 0:
    other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.close()
    try: other.bind(("127.0.0.1", 2001))
    except OSError as error: print(error.errno, flush=True)
    os._exit(0)
os.wait()
`;

Deno.test(
  "a datagram server for all clients keeps its port from other processes",
  { ignore },
  () =>
    withDir(async (dir) => {
      assert.equal(await python(NOT_ONE_FOR_ALL, dir), "98\n");
    }),
);

const TWO_FAMILIES = `
def bind(family):
    fd = socket.socket(family, socket.SOCK_DGRAM)
    fd.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if family == socket.AF_INET6: fd.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    fd.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 2001))
    return fd
fds = [bind(family) for family in (socket.AF_INET, socket.AF_INET, socket.AF_INET6, socket.AF_INET6)]
for i in map(int, sys.argv[1]): fds[i].close()
print(files())
`;

for (const order of ["0123", "2301", "0213", "3210"]) {
  Deno.test(
    `two groups that share a port take its file with them, closed in the order ${order}`,
    { ignore },
    () =>
      withDir(async (dir) => {
        assert.equal(await python(TWO_FAMILIES, dir, order), "[]\n");
      }),
  );
}

const UNSPECIFIED = `
import struct
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 2001))
libc = ctypes.CDLL(None, use_errno=True)
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
def send(host):
    address = struct.pack("=HH4s8x", socket.AF_UNSPEC, socket.htons(2001), socket.inet_aton(host))
    return os.strerror(ctypes.get_errno()) if libc.sendto(client.fileno(), b"x", 1, 0, address, 16) < 0 else "sent"
print(send("127.0.0.1"), receiver.recv(1).decode(), send("127.0.0.1"), receiver.recv(1).decode(), send("192.0.2.1"))
`;

Deno.test(
  "an address of no family is an IPv4 one to sendto: covered, or refused when the network is blocked",
  { ignore },
  () =>
    withDir(async (dir) => {
      const env = shimEnv(dir, { UNSOCK_BLOCK_INET: "1" });
      const program = "import ctypes, os, socket\n" + UNSPECIFIED;
      const { stdout, stderr } = await run(["python3", "-c", program], { env });
      assert.equal(stderr, "");
      assert.equal(stdout, "sent x sent x Permission denied\n");
    }),
);

const PASSED_DESCRIPTORS = `
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 2001))
listener = socket.create_server(("127.0.0.1", 2002))
before = len(os.listdir("/proc/self/fd"))
for kind, name in (socket.SOCK_DGRAM, "2001.dgram.sock"), (socket.SOCK_STREAM, "2002.sock"):
    plain = socket.socket(socket.AF_UNIX, kind)
    plain.connect(os.environ["UNSOCK_DIR"] + "/" + name)
    socket.send_fds(plain, [b"x"], [0] * 100)
    server = receiver if kind == socket.SOCK_DGRAM else listener.accept()[0]
    data, control, flags, sender = server.recvmsg(10, 4096)
    plain.close()
    if server is not receiver: server.close()
    print(data, control)
print(len(os.listdir("/proc/self/fd")) - before)
`;

Deno.test(
  "descriptors that a plain Unix client passes along are not let in: TCP and UDP bring none",
  { ignore },
  () =>
    withDir(async (dir) => {
      assert.equal(await python(PASSED_DESCRIPTORS, dir), "b'x' []\nb'x' []\n0\n");
    }),
);

const CLOSED_WHILE_WAITING = `
import threading, time
listener = socket.create_server(("127.0.0.1", 2001))
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 2001))
threads = [threading.Thread(target=f) for f in (listener.accept, lambda: receiver.recvfrom(1))]
for thread in threads: thread.start()
def waits(thread): return os.path.exists("/proc/self/task/%d/stat" % thread.native_id) and " S " in open("/proc/self/task/%d/stat" % thread.native_id).read()
while not all(waits(thread) for thread in threads): time.sleep(0.01)
name = receiver.getsockname()
for socket_ in listener, receiver: os.close(socket_.detach())
socket.create_connection(("127.0.0.1", 2001))
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", name)
for thread in threads: thread.join()
`;

Deno.test(
  "sockets that are closed while a thread waits on them leave no files once the thread is back",
  { ignore },
  () =>
    withDir(async (dir) => {
      assert.equal(await python(CLOSED_WHILE_WAITING, dir), "");
      assert.deepEqual([...Deno.readDirSync(dir)], []);
    }),
);

const LAST_WORDS = `
def serve(port):
    global kept
    stream = socket.create_server(("127.0.0.1", port))
    datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagram.bind(("127.0.0.1", port))
    kept = (stream, datagram)
serve(2001)
child = os.fork()
if child == 0:
    serve(2002)
    assert len(files()) == 4
    os._exit(0)
os.waitpid(child, 0)
print(files(), flush=True)
socket.create_connection(("127.0.0.1", 2001))
os._exit(0)
`;

Deno.test(
  "_exit takes a process's own files with it, and leaves those of the one that it was forked from",
  { ignore },
  () =>
    withDir(async (dir) => {
      assert.equal(await python(LAST_WORDS, dir), "['2001.dgram.sock', '2001.sock']\n");
      assert.deepEqual([...Deno.readDirSync(dir)], []);
    }),
);

const ENDS_WHILE_WAITING = `
import threading, time
listener = socket.create_server(("127.0.0.1", 2001))
parent = os.getpid()
child = os.fork() if sys.argv[1] == "shared" else None
if child == 0:
    while os.getppid() == parent: time.sleep(0.01)
    print(files(), flush=True)
    client = socket.create_connection(("127.0.0.1", 2001))
    listener.accept()[0].send(b"served")
    print(client.recv(6).decode(), flush=True)
    os._exit(0)
thread = threading.Thread(target=listener.accept, daemon=True)
thread.start()
while " S " not in open("/proc/self/task/%d/stat" % thread.native_id).read(): time.sleep(0.01)
`;

Deno.test(
  "a process that ends while a thread is waiting in accept takes its file along, unless another process has the socket",
  { ignore },
  () =>
    withDir(async (dir) => {
      assert.equal(await python(ENDS_WHILE_WAITING, dir, "alone"), "");
      assert.deepEqual([...Deno.readDirSync(dir)], []);
      assert.equal(await python(ENDS_WHILE_WAITING, dir, "shared"), "['2001.sock']\nserved\n");
      assert.deepEqual([...Deno.readDirSync(dir)], []);
    }),
);

const RESUMED = `
libc = ctypes.CDLL(None)
def listening():
    listener = socket.socket()
    for option in socket.SO_REUSEADDR, socket.SO_REUSEPORT: listener.setsockopt(socket.SOL_SOCKET, option, 1)
    listener.bind(("127.0.0.1", 2001))
    listener.listen()
    return listener
old = listening()
assert libc.connect(old.fileno(), bytes(16), 16) == 0
told, tell = os.pipe()
go_on, resumed = os.pipe()
if os.fork() == 0:
    old.close()
    new = listening()
    os.write(tell, b"x")
    os.read(go_on, 1)
    new.close()
    os._exit(0)
os.read(told, 1)
old.listen()
os.write(resumed, b"x")
os.wait()
client = socket.create_connection(("127.0.0.1", 2001))
print(old.accept()[1] == client.getsockname(), files(), flush=True)
old.close()
print(files(), flush=True)
`;

Deno.test(
  "a listener that made room for a successor comes back when that one gives up, as haproxy's does",
  { ignore },
  () =>
    withDir(async (dir) => {
      assert.equal(await python(RESUMED, dir), "True ['2001.sock']\n[]\n");
    }),
);
