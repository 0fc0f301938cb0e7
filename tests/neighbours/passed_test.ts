/** Descriptors that a plain Unix peer passes along: TCP and UDP bring none, however a program reads. */
import { assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { shimEnv } from "../support/shim.ts";

const ignore = !need("python3");

/** Not under unsock, as systemd and inetd: makes the server's sockets, and peers that send before it is there. */
const BEFORE = `
import array, os, socket, sys
directory, program, peers = sys.argv[1], sys.argv[2], int(sys.argv[3])
listener = socket.socket(socket.AF_UNIX)
listener.bind(directory + "/2001.sock")
listener.listen(100)
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(directory + "/2001.dgram.sock")
def send(fds):
    for kind, name in (socket.SOCK_STREAM, "2001.sock"), (socket.SOCK_DGRAM, "2001.dgram.sock"):
        plain = socket.socket(socket.AF_UNIX, kind)
        plain.connect(directory + "/" + name)
        plain.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))])
if peers == 0:
    sink = socket.create_server(("127.0.0.1", 0))
    lingering = socket.create_connection(sink.getsockname())
    connection = sink.accept()[0]
    lingering.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, array.array("i", [1, 1000]).tobytes())
    lingering.setblocking(False)
    try:
        while True: lingering.send(bytes(65536))
    except BlockingIOError: pass
    send([lingering.fileno()])
    lingering.close()
    os.set_inheritable(connection.fileno(), True)
    os.set_inheritable(sink.fileno(), True)
for i in range(peers):
    plain = socket.socket(socket.AF_UNIX)
    plain.connect(directory + "/2001.sock")
    connection = listener.accept()[0]
    os.dup2(connection.fileno(), 100 + i)
    connection.close()
    plain.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0] * 100))])
for i in range(peers): send([0] * 100)
assert (listener.fileno(), receiver.fileno()) == (3, 4)
for fd in 3, 4: os.set_inheritable(fd, True)
environment = dict(os.environ, **{name: value for name, _, value in (word.partition("=") for word in sys.argv[4:])})
os.execvpe("python3", ["python3", "-c", program], environment)
`;

const READING = `
import ctypes, os, socket, struct, time
libc = ctypes.CDLL(None, use_errno=True)
class Part(ctypes.Structure): _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
class Message(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("namelen", ctypes.c_uint), ("parts", ctypes.c_void_p), ("count", ctypes.c_size_t),
                ("control", ctypes.c_void_p), ("controllen", ctypes.c_size_t), ("flags", ctypes.c_int)]
class Messages(ctypes.Structure): _fields_ = [("message", Message), ("length", ctypes.c_uint)]
def receive(fd, room, flags, many=False):
    """What recvmsg (or recvmmsg) gives: bytes, the length of the control data, flags."""
    data, control = ctypes.create_string_buffer(10), ctypes.create_string_buffer(4096)
    part = Part(ctypes.addressof(data), 10)
    one = Messages(Message(None, 0, ctypes.addressof(part), 1, ctypes.addressof(control) if room else None, room))
    if many: got = libc.recvmmsg(fd, ctypes.byref(one), 1, flags, None); got = one.length if got == 1 else got
    else: got = libc.recvmsg(fd, ctypes.byref(one), flags)
    return got, one.message.controllen, one.message.flags & ~0x40000000
def accepted(): return libc.accept(3, None, None)
def opened(): return len(os.listdir("/proc/self/fd"))
`;

const EACH_WAY = READING + `
PEEK, DONTWAIT = socket.MSG_PEEK, socket.MSG_DONTWAIT
ways = {
    "recvmsg": lambda fd: receive(fd, 4096, 0),
    "recvmmsg": lambda fd: receive(fd, 4096, 0, True),
    "peeked": lambda fd: [receive(fd, 4096, PEEK), receive(fd, 4096, PEEK, True), receive(fd, 4096, 0)],
    "room for some": lambda fd: receive(fd, 64, 0),
    "room for none": lambda fd: receive(fd, 18, 0),
    "no room": lambda fd: receive(fd, 0, 0),
    "recv": lambda fd: len(socket.socket(fileno=os.dup(fd)).recv(10)),
    "recvfrom": lambda fd: libc.recvfrom(fd, ctypes.create_string_buffer(10), 10, 0, None, None),
    "read": lambda fd: len(os.read(fd, 10)),
}
for way, receive_by in ways.items():
    fd = accepted()
    before = opened()
    result = receive_by(fd)
    print("stream", way, result, opened() - before)
    os.close(fd)
for i, (way, receive_by) in enumerate(ways.items()):
    before = opened()
    result = receive_by(100 + i)
    print("inherited", way, result, opened() - before)
for way, receive_by in ways.items():
    before = opened()
    result = receive_by(4)
    print("datagram", way, result, opened() - before)
`;

function expected(): string {
  const lines = [];
  for (const type of ["stream", "inherited", "datagram"]) {
    for (const way of ["recvmsg", "recvmmsg", "peeked", "room for some", "room for none", "no room"]) {
      lines.push(`${type} ${way} ${way === "peeked" ? "[(1, 0, 0), (1, 0, 0), (1, 0, 0)]" : "(1, 0, 0)"} 0`);
    }
    for (const way of ["recv", "recvfrom", "read"]) lines.push(`${type} ${way} 1 0`);
  }
  return lines.join("\n") + "\n";
}

async function serve(program: string, peers: number): Promise<string> {
  let output = "";
  await withDir(async (dir) => {
    const env = Object.entries(shimEnv(dir)).map(([name, value]) => `${name}=${value}`);
    const { stdout, stderr } = await run(["python3", "-c", BEFORE, dir, program, String(peers), ...env]);
    assertStrictEquals(stderr, "");
    output = stdout;
  });
  return output;
}

Deno.test("descriptors that came before the server inherited its sockets are closed, however it reads", {
  ignore,
}, async () => {
  assertStrictEquals(await serve(EACH_WAY, 9), expected());
});

const LINGERING = READING + `
fd = accepted()
for descriptor in fd, 4:
    begun = time.monotonic()
    print(receive(descriptor, 4096, 0), time.monotonic() - begun < 100, flush=True)
os._exit(0)
`;

Deno.test("closing a passed connection that would linger with unsent data does not hold the server up", {
  ignore,
}, async () => {
  assertStrictEquals(await serve(LINGERING, 0), "(1, 0, 0) True\n(1, 0, 0) True\n");
});

const REFUSED = `
import array, os, socket
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 2002))
listener = socket.create_server(("127.0.0.1", 2002))
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.sendto(b"x", ("127.0.0.1", 2002))
port = receiver.recvfrom(1)[1][1]
def send(kind, name):
    plain = socket.socket(socket.AF_UNIX, kind)
    plain.connect(os.environ["UNSOCK_DIR"] + "/" + name)
    try: return plain.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0]))])
    except PermissionError: return "refused"
print(send(socket.SOCK_STREAM, "2002.sock"), send(socket.SOCK_DGRAM, "2002.dgram.sock"),
      send(socket.SOCK_DGRAM, "%d.dgram.sock" % port))
`;

/** SO_PASSRIGHTS is there from 6.16 on. */
function kernelRefuses(): boolean {
  const [major = 0, minor = 0] = Deno.osRelease().split(".").map(Number);
  return major > 6 || (major === 6 && minor >= 16);
}

Deno.test("where the kernel can, it refuses descriptors for a server's sockets and for a datagram client's", {
  ignore: ignore || !kernelRefuses(),
}, () =>
  withDir(async (dir) => {
    const { stdout, stderr } = await run(["python3", "-c", REFUSED], { env: shimEnv(dir) });
    assertStrictEquals(stderr, "");
    assertStrictEquals(stdout, "refused refused refused\n");
  }));
