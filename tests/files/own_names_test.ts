/** Stream sockets of one port on several addresses: their names, who gets whose, and what is left. */
import { assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { need } from "../support/programs.ts";
import { python } from "../support/python.ts";
import { story } from "./own_names.ts";

const ignore = !need("python3");

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
