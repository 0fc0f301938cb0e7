/** Sockets of one port on several addresses: their names, who gets whose, and what is left. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { python } from "../support/python.ts";
import { shimEnv } from "../support/shim.ts";

const ignore = !need("python3");

const HELPERS = `
import signal, struct, threading
def listening(address, port=9042, **options):
    return socket.create_server((address, port), family=socket.AF_INET6 if ":" in address else socket.AF_INET, **options)
def reached(listeners, address, port=9042):
    """Which of the listeners a client of the address reaches."""
    client = socket.create_connection((address, port), 10)
    for listener in listeners:
        listener.setblocking(False)
        try: peer, name = listener.accept()
        except BlockingIOError: continue
        assert name[:2] == client.getsockname()[:2] and peer.getpeername() == name, (name, client.getsockname())
        assert client.getpeername()[0] == address
        return listeners.index(listener), peer.getsockname()[0]
def plain(name):
    """Which of the listeners a plain Unix client of the file reaches: connects past the library."""
    client = socket.socket(socket.AF_UNIX)
    client.connect(os.environ["UNSOCK_DIR"] + "/" + name)
    return client
def bound(address, port=9042):
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind((address, port))
    return listener
def asked(listeners, address, port=9042, client=None):
    """Which of the sockets a datagram to the address reaches, and whether its answer comes from there."""
    client = client or socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    client.sendto(b"?", (address, port))
    for listener in listeners:
        listener.setblocking(False)
        try: data, name = listener.recvfrom(10)
        except BlockingIOError: continue
        assert name[:2] == client.getsockname()[:2] or client.getsockname()[0] in ("0.0.0.0", "::"), name
        listener.sendto(b"!", name)
        return listeners.index(listener), client.recvfrom(10)[1][0]
HIDDEN = (".list", ".unsock.lock")
def names(): return sorted(name for name in os.listdir(os.environ["UNSOCK_DIR"]) if not name.endswith(HIDDEN))
def text(name): return os.readlink(name) if os.path.islink(name) else ""
def links(port=9042):
    """Where the port leads, and its record."""
    return [text(os.environ["UNSOCK_DIR"] + name % port) for name in ("/%d.sock", "/.%d@")]
def refused(address, port=9042):
    try: socket.create_connection((address, port), 10)
    except OSError as error: return error.errno
`;

function story(what: string, program: string, output: string, dirName = "", extra: Record<string, string> = {}): void {
  Deno.test(what, { ignore }, () =>
    withDir(async (dir) => {
      const sockets = `${dir}${dirName}`;
      await Deno.mkdir(sockets, { recursive: true });
      const { stdout, stderr } = await run(["python3", "-c", `import ctypes, os, socket, sys\n${HELPERS}${program}`], {
        env: shimEnv(sockets, extra),
      });
      assertStrictEquals(stderr, "");
      assertStrictEquals(stdout, output);
      assertEquals([...Deno.readDirSync(sockets)], []);
    }));
}

story(
  "each socket of a port has the name of its address, and plain clients reach the first, or whom they name",
  `
listeners = [listening(address) for address in ("127.0.0.2", "127.0.0.1", "::1", "127.0.0.3")]
print(names())
print(links())
print([reached(listeners, address) for address in ("127.0.0.1", "127.0.0.2", "127.0.0.3", "::1")], refused("127.0.0.9"))
clients = [plain("9042.sock"), plain(".9042@--1")]
print([len(__import__("select").select([listener], [], [], 0)[0]) for listener in listeners])
`,
  "['.9042@', '.9042@--1', '.9042@127.0.0.1', '.9042@127.0.0.2', '.9042@127.0.0.3', '9042.sock']\n" +
    "['./.9042@127.0.0.2', '127.0.0.2 127.0.0.1 --1 127.0.0.3']\n" +
    "[(1, '127.0.0.1'), (0, '127.0.0.2'), (3, '127.0.0.3'), (2, '::1')] 111\n[1, 0, 1, 0]\n",
);

story(
  "when the first one goes the port leads to another, and there is no record when one is left",
  `
listeners = [listening(address) for address in ("127.0.0.1", "127.0.0.2")]
print(links())
waiting = socket.create_connection(("127.0.0.2", 9042))
listeners.pop(0).close()
print(names(), links(), refused("127.0.0.1"))
peer, name = listeners[0].accept()
print(name == waiting.getsockname(), reached(listeners, "127.0.0.2"))
listeners.append(listening("127.0.0.1"))
print(names(), links(), reached(listeners, "127.0.0.1"), reached(listeners, "127.0.0.2"))
try: listening("127.0.0.2")
except OSError as error: print(error.errno)
listeners.pop().close()
print(names(), links())
`,
  "['./.9042@127.0.0.1', '127.0.0.1 127.0.0.2']\n['.9042@127.0.0.2', '9042.sock'] ['.9042@127.0.0.2', ''] 111\n" +
    "True (0, '127.0.0.2')\n" +
    "['.9042@', '.9042@127.0.0.1', '.9042@127.0.0.2', '9042.sock'] ['./.9042@127.0.0.2', '127.0.0.2 127.0.0.1'] " +
    "(1, '127.0.0.1') (0, '127.0.0.2')\n98\n" +
    "['.9042@127.0.0.2', '9042.sock'] ['.9042@127.0.0.2', '']\n",
);

story(
  "who was killed is out of the record with the next that comes or goes, and its port is free",
  `
def killed(address):
    child = os.fork()
    if child == 0:
        listener = listening(address)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
first = listening("127.0.0.1")
killed("127.0.0.2")
print(links(), refused("127.0.0.2"))
second = listening("127.0.0.2")
print(links(), reached([first, second], "127.0.0.2"))
first.close(), second.close()
killed("127.0.0.1")
print(names(), refused("127.0.0.1"))
first = listening("127.0.0.3")
print(names(), links(), reached([first], "127.0.0.3"))
`,
  "['./.9042@127.0.0.1', '127.0.0.1 127.0.0.2'] 111\n['./.9042@127.0.0.1', '127.0.0.1 127.0.0.2'] (1, '127.0.0.2')\n" +
    "['.9042@127.0.0.1', '9042.sock'] 111\n['.9042@127.0.0.3', '9042.sock'] ['.9042@127.0.0.3', ''] (0, '127.0.0.3')\n",
);

story(
  "with UNSOCK_ONE_ADDRESS an address that nobody has leads to whoever came first",
  `
listeners = [listening(address) for address in ("127.0.0.2", "127.0.0.1")]
client = socket.create_connection(("127.0.0.9", 9042))
print([len(__import__("select").select([listener], [], [], 0)[0]) for listener in listeners])
listeners.pop(0).close()
client = socket.create_connection(("127.0.0.9", 9042))
print([len(__import__("select").select([listener], [], [], 0)[0]) for listener in listeners])
`,
  "[1, 0]\n[1]\n",
  "",
  { UNSOCK_ONE_ADDRESS: "1" },
);

story(
  "a server's own address survives exec, and its file goes with it",
  `
first, second = listening("127.0.0.1"), listening("127.0.0.2")
os.set_inheritable(second.fileno(), True)
if os.fork() == 0:
    first.close()
    program = """
import os, socket, sys
second = socket.socket(fileno=int(sys.argv[1]))
client = socket.create_connection(("127.0.0.2", 9042))
peer, name = second.accept()
print(second.getsockname(), peer.getsockname(), name == client.getsockname(), flush=True)
second.close()
print(sorted(name for name in os.listdir(os.environ["UNSOCK_DIR"]) if name != ".unsock.lock"), flush=True)
"""
    os.execv(sys.executable, [sys.executable, "-c", program, str(second.fileno())])
second.close()
os.wait()
print(names(), links(), reached([first], "127.0.0.1"))
`,
  "('127.0.0.2', 9042) ('127.0.0.2', 9042) True\n['.9042@127.0.0.1', '9042.sock']\n" +
    "['.9042@127.0.0.1', '9042.sock'] ['.9042@127.0.0.1', ''] (0, '127.0.0.1')\n",
);

story(
  "where a name with an address does not fit it is shortened",
  `
addresses = ["127.0.0.1", "127.0.0.2", "127.250.251.252", "::1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:7"]
listeners = [listening(address, 65535) for address in addresses]
print([len(name) for name in names()])
print([reached(listeners, address, 65535) for address in addresses] == list(enumerate(addresses)))
for address in addresses[1:] + ["0.0.0.0"]:
    try: listening(address, 65535)
    except OSError as error: print(error.errno)
`,
  "[7, 10, 12, 12, 12, 12, 12, 10]\nTrue\n98\n98\n98\n98\n98\n98\n",
  `/${"d".repeat(90 - "/tmp/u0123456789abcdef/".length)}`,
  { UNSOCK_ADDR: "127.0.0.0/8,0.0.0.0,::/0" },
);

story(
  "datagram sockets of a port have names of their addresses as soon as there are two, and the plain one when one is left",
  `
listeners = [bound("127.0.0.2")]
print(names(), asked(listeners, "127.0.0.2"), asked(listeners, "127.0.0.9"))
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
print(asked(listeners, "127.0.0.1", client=client))
listeners += [bound(address) for address in ("127.0.0.1", "::1")]
print([name for name in names() if name.startswith((".9042", "9042"))])
print([asked(listeners, address) for address in ("127.0.0.1", "127.0.0.2", "::1", "127.0.0.9")])
print(asked(listeners, "127.0.0.1", client=client), asked(listeners, "127.0.0.2", client=client))
for address in ("127.0.0.1", "127.0.0.2", "0.0.0.0", "::"):
    try: bound(address)
    except OSError as error: print(error.errno, end=" ")
listeners.pop(0).close()
print([name for name in names() if name.startswith((".9042", "9042"))])
print([asked(listeners, address) for address in ("127.0.0.1", "127.0.0.2", "::1")])
listeners.pop(0).close()
print([name for name in names() if name.startswith((".9042", "9042"))], asked(listeners, "::1"))
`,
  "['9042.dgram.sock'] (0, '127.0.0.2') (0, '127.0.0.9')\n(0, '127.0.0.1')\n" +
    "['.9042.udp', '9042.dgram.sock', '9042@--1.dgram.sock', '9042@127.0.0.1.dgram.sock', '9042@127.0.0.2.dgram.sock']\n" +
    "[(1, '127.0.0.1'), (0, '127.0.0.2'), (2, '::1'), (0, '127.0.0.2')]\n(1, '127.0.0.1') (0, '127.0.0.2')\n" +
    "98 98 98 98 ['.9042.udp', '9042.dgram.sock', '9042@--1.dgram.sock', '9042@127.0.0.1.dgram.sock']\n" +
    "[(0, '127.0.0.1'), (0, '127.0.0.1'), (1, '::1')]\n['9042.dgram.sock'] (0, '::1')\n",
);

story(
  "a datagram socket's own address survives exec, and its file goes with it",
  `
first, second = bound("127.0.0.1"), bound("127.0.0.2")
os.set_inheritable(second.fileno(), True)
os.set_inheritable(first.fileno(), True)
child = os.fork()
if child == 0:
    program = """
import os, socket, sys
first, second = (socket.socket(fileno=int(number)) for number in sys.argv[1:])
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for server in first, second:
    client.sendto(b"?", server.getsockname())
    data, name = server.recvfrom(10)
    server.sendto(b"!", name)
    print(server.getsockname(), name[1] == client.getsockname()[1], client.recvfrom(10)[1], flush=True)
second.close(), client.close()
print(sorted(name for name in os.listdir(os.environ["UNSOCK_DIR"]) if name != ".unsock.lock"), flush=True)
"""
    os.execv(sys.executable, [sys.executable, "-c", program, str(first.fileno()), str(second.fileno())])
second.close()
os.waitpid(child, 0)
print(names(), asked([first], "127.0.0.1"))
`,
  "('127.0.0.1', 9042) True ('127.0.0.1', 9042)\n('127.0.0.2', 9042) True ('127.0.0.2', 9042)\n" +
    "['9042.dgram.sock']\n['9042.dgram.sock'] (0, '127.0.0.1')\n",
);

story(
  "sockets with addresses of their own are handed to another program, which tells the addresses and serves there",
  `
servers = [listening("127.0.0.1"), listening("127.0.0.2"), bound("127.0.0.1"), bound("127.0.0.2")]
here, there = socket.socketpair(socket.AF_UNIX)
os.set_inheritable(there.fileno(), True)
child = os.fork()
if child == 0:
    for server in servers: server.close()
    program = """
import os, socket, sys
_, fds, _, _ = socket.recv_fds(socket.socket(fileno=int(sys.argv[1])), 10, 4)
for server in [socket.socket(fileno=fd) for fd in fds]:
    address = server.getsockname()
    client = socket.socket(socket.AF_INET, server.type)
    client.connect(address)
    client.send(b"?")
    if server.type == socket.SOCK_STREAM:
        peer, name = server.accept()
        print(address, peer.getsockname() == address, name == client.getsockname(), client.getpeername() == address)
        peer.close()
    else:
        data, name = server.recvfrom(10)
        server.sendto(b"!", name)
        print(address, client.recvfrom(10)[1] == address, name == client.getsockname(), client.getpeername() == address)
    client.close()
    server.close()
"""
    os.execv(sys.executable, [sys.executable, "-c", program, str(there.fileno())])
there.close()
socket.send_fds(here, [b"!"], [server.fileno() for server in servers])
for server in servers: server.close()
os.waitpid(child, 0)
print(names())
`,
  "('127.0.0.1', 9042) True True True\n('127.0.0.2', 9042) True True True\n".repeat(2) + "[]\n",
);

story(
  "the name of a datagram socket's address is shortened too",
  `
addresses = ["127.0.0.1", "127.250.251.252", "::1", "2001:db8:1:2:3:4:5:6"]
listeners = [bound(address, 65535) for address in addresses]
print([len(name) for name in names()])
print([asked(listeners, address, 65535) for address in addresses[:2]])
client = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
print([client.sendto(b"?", (address, 65535)) and listener.recv(10) for listener, address in zip(listeners[2:], addresses[2:])])
for address in addresses + ["0.0.0.0", "::"]:
    try: bound(address, 65535)
    except OSError as error: print(error.errno, end=" ")
`,
  "[10, 16, 15, 15, 15, 15]\n[(0, '127.0.0.1'), (1, '127.250.251.252')]\n[b'?', b'?']\n98 98 98 98 98 98 ",
  `/${"d".repeat(90 - "/tmp/u0123456789abcdef/".length)}`,
  { UNSOCK_ADDR: "127.0.0.0/8,0.0.0.0,::/0" },
);

Deno.test("five processes that bind five addresses at once all get theirs", { ignore }, () =>
  withDir(async (dir) => {
    const program = `
import time
go, start = os.pipe()
results, result = os.pipe()
stop, stopping = os.pipe()
for i in range(1, 6):
    if os.fork() == 0:
        os.close(start), os.close(stopping)
        os.read(go, 1)
        try: listener = socket.create_server(("127.0.0.%d" % i, 9042))
        except OSError as error: os.write(result, b"e")
        else: os.write(result, b"b")
        os.read(stop, 1)
        os._exit(0)
os.close(start)
print(sorted(os.read(results, 1) for i in range(5)), len(files()), flush=True)
os.close(stopping)
for i in range(5): os.wait()
print(files(), flush=True)
`;
    assertStrictEquals(await python(program, dir), "[b'b', b'b', b'b', b'b', b'b'] 7\n[]\n");
  }));
