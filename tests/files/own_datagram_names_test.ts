/** Datagram sockets of one port on several addresses: their names, who gets whose, and what is left. */
import { story } from "./own_names.ts";

story(
  "each datagram socket of a port has the name of its address, and an address that nobody has reaches nobody",
  `
listeners = [bound("127.0.0.2")]
print(names(), links(kind=UDP), asked(listeners, "127.0.0.2"))
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.sendto(b"?", ("127.0.0.9", 9042))
listeners[0].setblocking(False)
try: print(listeners[0].recv(10))
except BlockingIOError: print("nothing")
listeners += [bound(address) for address in ("127.0.0.1", "::1")]
print([name for name in names() if "9042" in name], links(kind=UDP))
print([asked(listeners, address) for address in ("127.0.0.1", "127.0.0.2", "::1")])
print(asked(listeners, "127.0.0.1", client=client), asked(listeners, "127.0.0.2", client=client))
for address in ("127.0.0.1", "127.0.0.2", "0.0.0.0", "::"):
    try: bound(address)
    except OSError as error: print(error.errno, end=" ")
listeners.pop(0).close()
print(links(kind=UDP))
print([asked(listeners, address) for address in ("127.0.0.1", "::1")])
listeners.pop(0).close()
print([name for name in names() if "9042" in name], links(kind=UDP), asked(listeners, "::1"))
`,
  "['.9042u@127.0.0.2', '9042.dgram.sock'] ['.9042u@127.0.0.2', ''] (0, '127.0.0.2')\nnothing\n" +
    "['.9042u@', '.9042u@--1', '.9042u@127.0.0.1', '.9042u@127.0.0.2', '9042.dgram.sock'] " +
    "['./.9042u@127.0.0.2', '127.0.0.2 127.0.0.1 --1']\n" +
    "[(1, '127.0.0.1'), (0, '127.0.0.2'), (2, '::1')]\n(1, '127.0.0.1') (0, '127.0.0.2')\n" +
    "98 98 98 98 ['./.9042u@127.0.0.1', '127.0.0.1 --1']\n" +
    "[(0, '127.0.0.1'), (1, '::1')]\n['.9042u@--1', '9042.dgram.sock'] ['.9042u@--1', ''] (0, '::1')\n",
);

story(
  "all covered addresses are one with UNSOCK_ONE_ADDRESS, for datagrams too, and the answer comes from the one that was asked",
  `
listeners = [bound("127.0.0.2")]
print([asked(listeners, address) for address in ("127.0.0.2", "127.0.0.9", "127.0.0.1")])
listeners.append(bound("127.0.0.1"))
print([asked(listeners, address) for address in ("127.0.0.2", "127.0.0.9", "127.0.0.1")])
`,
  "[(0, '127.0.0.2'), (0, '127.0.0.9'), (0, '127.0.0.1')]\n[(0, '127.0.0.2'), (0, '127.0.0.9'), (1, '127.0.0.1')]\n",
  "",
  { UNSOCK_ONE_ADDRESS: "1" },
);

story(
  "a client has PORT.dgram.sock itself, or a name that tells whom it asks",
  `
servers = [bound("0.0.0.0"), bound("::1")]
def client(address):
    one = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    one.sendto(b"?", (address, 9042))
    port = one.getsockname()[1]
    print(sorted(name.replace(str(port), "P") for name in names() if str(port) in name))
    return one
clients = [client(address) for address in ("127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1")]
print([servers[0].recvfrom(9)[1][0] for i in range(3)], servers[1].recvfrom(9)[1][0])
for one in clients: one.close()
print([name for name in names() if "9042" not in name])
`,
  "['P.dgram.sock']\n['.Pu@0.0.0.0,127.0.0.2', 'P.dgram.sock']\n['.Pu@any,--1', 'P.dgram.sock']\n['P.dgram.sock']\n" +
    "['127.0.0.1', '127.0.0.1', '127.0.0.1'] ::1\n[]\n",
);

story(
  "those that share a datagram address get numbers, and the record tells how they share it",
  `
def sharing(option, address="127.0.0.1"):
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.setsockopt(socket.SOL_SOCKET, option, 1)
    one.bind((address, 9042))
    return one
one = sharing(socket.SO_REUSEADDR)
print(links(kind=UDP))
two = sharing(socket.SO_REUSEADDR)
print(links(kind=UDP), names())
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.sendto(b"?", ("127.0.0.1", 9042))
two.connect(two.recvfrom(9)[1])
print(links(kind=UDP)[1])
one.close(), two.close()
one = sharing(socket.SO_REUSEPORT, "0.0.0.0")
two = sharing(socket.SO_REUSEPORT)
print(links(kind=UDP))
two.close()
print(links(kind=UDP))
`,
  "['./.9042u@127.0.0.1', '127.0.0.1*0']\n" +
    "['./.9042u@127.0.0.1+2', '127.0.0.1*2 127.0.0.1*1'] " +
    "['.9042u@', '.9042u@127.0.0.1+1', '.9042u@127.0.0.1+2', '9042.dgram.sock']\n" +
    "127.0.0.1*2 127.0.0.1*!1\n" +
    "['./.9042u@0.0.0.0+1', '0.0.0.0+1 127.0.0.1+1']\n['./.9042u@0.0.0.0+1', '0.0.0.0+1']\n",
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
    "['.9042u@127.0.0.1', '9042.dgram.sock']\n['.9042u@127.0.0.1', '9042.dgram.sock'] (0, '127.0.0.1')\n",
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
  "[8, 11, 13, 13, 13, 16]\n[(0, '127.0.0.1'), (1, '127.250.251.252')]\n[b'?', b'?']\n98 98 98 98 98 98 ",
  `/${"d".repeat(90 - "/tmp/u0123456789abcdef/".length)}`,
  { UNSOCK_ADDR: "127.0.0.0/8,0.0.0.0,::/0" },
);
