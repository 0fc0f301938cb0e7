/** One port and several sockets: which file they share, and who hands it on to whom. */
import { assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { need } from "../support/programs.ts";
import { python } from "../support/python.ts";

const ignore = !need("python3");

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
    assertStrictEquals(await python(A_CHILD_FOR_EACH, dir), "b'2 second'\nb'1 second'\nb'0 second'\n");
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
      assertStrictEquals(await python(NOT_ONE_FOR_ALL, dir), "98\n");
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
        assertStrictEquals(await python(TWO_FAMILIES, dir, order), "[]\n");
      }),
  );
}

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
      assertStrictEquals(await python(RESUMED, dir), "True ['2001.sock']\n[]\n");
    }),
);

const CLOSED_BY_A_CHILD = `
import select
fds, set = [socket.socket() for i in range(2)], select.epoll()
for fd in fds:
    fd.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    fd.bind(("127.0.0.1", 2001))
    fd.listen()
    set.register(fd, select.EPOLLIN)
if os.fork() == 0:
    for fd in fds: fd.close()
    os._exit(0)
os.wait()
client = socket.create_connection(("127.0.0.1", 2001))
print(len(set.poll(10)), flush=True)
for fd in fds: fd.close()
print(set.poll(0), files())
`;

Deno.test(
  "a child that closes listeners which share a port leaves the registrations in its parent's epoll set alone",
  { ignore },
  () => withDir(async (dir) => assertStrictEquals(await python(CLOSED_BY_A_CHILD, dir), "1\n[] []\n")),
);
