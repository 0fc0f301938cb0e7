/** Senders of datagrams that are plain Unix sockets: the ports that are invented for them are nobody else's. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { need } from "../support/programs.ts";
import { python } from "../support/python.ts";

const ignore = !need("python3");

const HELPERS = `
DIR = os.environ["UNSOCK_DIR"]
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 2001))
server.settimeout(10)
def plain(name):
    fd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    if name is not None: fd.bind(name)
    fd.settimeout(10)
    return fd
def ask(sender):
    """The port under which the server hears the sender."""
    sender.sendto(b"?", DIR + "/2001.dgram.sock")
    return server.recvfrom(10)[1][1]
def hears(sender):
    sender.setblocking(False)
    try: return sender.recv(10).decode()
    except BlockingIOError: return None
def name(i): return "\\0unsock test %d %s" % (i, os.path.basename(DIR))
`;

function story(what: string, program: string, output: string): void {
  Deno.test(what, { ignore }, () =>
    withDir(async (dir) => {
      assertStrictEquals(await python(HELPERS + program, dir), output);
      assertEquals([...Deno.readDirSync(dir)].map(({ name }) => name).filter((name) => !name.startsWith("s")), []);
    }));
}

story(
  "a port invented for a plain sender can be bound by nobody, and a server's port is not invented",
  `
senders = [plain(name(i)) for i in range(5)]
taken = []
for port in range(61000, 61500, 2):
    taken.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    taken[-1].bind(("127.0.0.1", port))
ports = [ask(sender) for sender in senders]
print(len(set(ports)), any(fd.getsockname()[1] in ports for fd in taken))
for port in ports:
    late = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try: late.bind(("127.0.0.1", port)); print("bound", port)
    except OSError as error: print(error.errno, end=" ")
for i, port in enumerate(ports): server.sendto(b"%d" % i, ("127.0.0.1", port))
print([hears(sender) for sender in senders], [ask(sender) for sender in senders] == ports)
for fd in taken: fd.close()
server.close()
`,
  "5 False\n98 98 98 98 98 ['0', '1', '2', '3', '4'] True\n",
);

story(
  "a plain sender keeps its port whatever names others take, and gets no reply to them",
  `
first = plain(DIR + "/sender")
port = ask(first)
crowd = [plain(name(i)) for i in range(1500)]
ports = [ask(sender) for sender in crowd]
print(port in ports, len([p for p in ports if p != 0]) == len({p for p in ports if p != 0}), ask(first) == port)
server.sendto(b"yours", ("127.0.0.1", port))
print(hears(first), {hears(sender) for sender in crowd})
for i, p in enumerate(ports):
    if p != 0: server.sendto(b"%d" % i, ("127.0.0.1", p))
print(all(hears(sender) == (str(i) if ports[i] else None) for i, sender in enumerate(crowd)))
server.close()
`,
  "False True True\nyours {None}\nTrue\n",
);

story(
  "a plain sender without a name, or with one that is relative, has a port to which nothing can be sent",
  `
os.chdir(DIR)
print(ask(plain(None)), ask(plain("sender")))
try: server.sendto(b"x", ("127.0.0.1", 0))
except OSError as error: print(error.errno)
`,
  "0 0\n22\n",
);

story(
  "a process and its child invent no port twice, and both answer the senders from before",
  `
before = plain(name(0))
known = ask(before)
told, tell = os.pipe()
go_on, leave = os.pipe()
child = os.fork()
mine = [plain(name(i + (100 if child == 0 else 1))) for i in range(20)]
if child == 0:
    ports = [ask(sender) for sender in mine]
    for i, port in enumerate(ports): server.sendto(b"%d" % i, ("127.0.0.1", port))
    server.sendto(b"child", ("127.0.0.1", known))
    os.write(tell, repr((ports, [hears(sender) for sender in mine])).encode())
    os.close(leave)
    os.read(go_on, 1)
    os._exit(0)
their_ports, their_answers = eval(os.read(told, 65536))
ports = [ask(sender) for sender in mine]
print(their_answers == [str(i) for i in range(20)], set(ports) & set(their_ports), known in ports + their_ports)
for i, port in enumerate(ports): server.sendto(b"%d" % i, ("127.0.0.1", port))
print([hears(sender) for sender in mine] == [str(i) for i in range(20)], hears(before))
os.close(leave)
os.wait()
`,
  "True set() False\nTrue child\n",
);

story(
  "an answer to a plain sender whose port is no longer its own goes to nobody",
  `
sender = plain(name(0))
port = ask(sender)
os.unlink(DIR + "/%d.dgram.sock" % port)
other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
other.bind(("127.0.0.1", port))
server.sendto(b"x", ("127.0.0.1", port))
print(hears(sender), hears(other))
print(ask(sender) not in (0, port))
`,
  "None None\nTrue\n",
);

story(
  "ports that a killed server had invented are free again",
  `
import signal
if os.fork() == 0:
    for i in range(3): ask(plain(name(i)))
    os.kill(os.getpid(), signal.SIGKILL)
os.wait()
server.close()
left = [int(file.split(".")[0]) for file in files()]
for port in left:
    fd = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    fd.bind(("127.0.0.1", port))
    fd.close()
print(len(left), files())
`,
  "3 []\n",
);
