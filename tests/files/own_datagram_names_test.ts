/** Datagram sockets of one port on several addresses: their names, who gets whose, and what is left. */
import { story } from "./own_names.ts";

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
