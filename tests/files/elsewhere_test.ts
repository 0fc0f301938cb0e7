/** The socket file at a path that a control file names: it goes with its server, and nobody else's does. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { type Door, DOORS, PORT, withPlace } from "../support/place.ts";
import { need } from "../support/programs.ts";
import { until } from "../support/wait.ts";

const ignore = !need("python3");

/** What a program prints that does not leave its file, and what one does that does. */
interface Story {
  story: string;
  program: string;
  prints: string;
  left?: string[];
  /** By which doors it is so. */
  by?: readonly Door[];
}

const STORIES: readonly Story[] = [
  {
    story: "a server's file goes when it closes, and comes with the next",
    program: `
for _ in range(3):
    server = serving()
    print(there(), served(server))
    server.close()
    print(there())
`,
    prints: "True served\nFalse\n".repeat(3),
  },
  {
    story: "a server that never listens, and a UDP server, leave nothing",
    program: `
for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
    server = bound(kind)
    print(there())
    server.close()
    print(there())
`,
    prints: "True\nFalse\n".repeat(2),
  },
  {
    story: "the end of the program takes its file along",
    program: "server = serving()\nprint(there())",
    prints: "True\n",
  },
  {
    story: "_exit takes a UDP server's file along",
    program: "server = bound(socket.SOCK_DGRAM)\nprint(there(), flush=True)\nos._exit(0)",
    prints: "True\n",
  },
  {
    story: "a UDP server that has answered, connected and disconnected leaves nothing",
    program: `
server = bound(socket.SOCK_DGRAM)
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for closes in False, False, True:
    client.sendto(b"x", at)
    sender = server.recvfrom(1)[1]
    server.sendto(b"y", sender)
    print(client.recv(1), there())
    server.connect(sender)
    if closes: break
    ctypes.CDLL(None).connect(server.fileno(), bytes(16), 16)
server.close()
print(there())
`,
    prints: "b'y' True\n".repeat(3) + "False\n",
  },
  {
    story: "of several descriptors the last one takes the file along, however it is closed",
    program: `
for last in os.close, lambda fd: os.dup2(0, fd), lambda fd: os.closerange(fd, fd + 1):
    server = serving()
    copies = [os.dup(server.fileno()) for _ in range(3)]
    server.close()
    os.close(copies[0])
    os.dup2(0, copies[1])
    print(there(), end=" ")
    last(copies[2])
    print(there())
`,
    prints: "True False\n".repeat(3),
  },
  {
    story: "a forked child that closes its copy, or ends, takes nothing away",
    program: `
server = serving()
for ends in lambda: (server.close(), os.kill(os.getpid(), 9)), lambda: os._exit(0), lambda: os.closerange(3, 100):
    child = os.fork()
    if child == 0:
        ends()
        os._exit(0)
    os.waitpid(child, 0)
    print(there(), served(server))
`,
    prints: "True served\n".repeat(3),
  },
  {
    story: "a parent that ends after daemonising takes nothing from the daemon, whose end does",
    program: `
server = serving()
ready, go = os.pipe()
if os.fork() > 0: os._exit(0)
os.close(go)
os.read(ready, 1)
print(there(), served(server), flush=True)
`,
    prints: "True served\n",
  },
  {
    story: "a server that is closed while a thread waits in accept leaves no file once the thread is back",
    program: `
server = serving()
thread = threading.Thread(target=server.accept)
thread.start()
while not waits(thread): pass
os.close(server.detach())
print(there())
client = socket.create_connection(at)
thread.join()
`,
    prints: "True\n",
  },
  {
    story: "a program that ends while a thread waits in accept leaves no file",
    program: `
server = serving()
thread = threading.Thread(target=server.accept, daemon=True)
thread.start()
while not waits(thread): pass
print(there())
`,
    prints: "True\n",
  },
  {
    story: "shutdown takes the file along, and listen brings it back",
    program: `
server = serving()
server.shutdown(socket.SHUT_RDWR)
print(there())
server.listen()
print(there(), server.getsockname() == at, served(server))
`,
    prints: "False\nTrue True served\n",
  },
  {
    story: "a server that disconnects, and so listens no more, leaves nothing",
    program: `
server = serving()
ctypes.CDLL(None).connect(server.fileno(), bytes(16), 16)
print(there())
`,
    prints: "False\n",
  },
  {
    story: "a program that speaks AF_UNIX and binds the control file's path leaves that, and nothing where it leads",
    program: `
control = os.environ["UNSOCK_DIR"] + "/${PORT}.sock"
for _ in range(2):
    server = socket.socket(socket.AF_UNIX)
    server.bind(control)
    server.listen()
    print(there())
    server.close()
    print(there(), os.stat(control).st_size)
`,
    prints: "True\nFalse 452\n".repeat(2),
  },
  {
    story: "another server that has taken the place keeps its file, alive or not",
    program: `
for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
    server = bound(kind)
    os.unlink(path)
    other = plain(kind)
    server.close()
    print(there())
    os.unlink(path)
    server = bound(kind)
    if kind == socket.SOCK_DGRAM: server.connect(("127.0.0.1", 9))
    os.unlink(path)
    plain(kind).close()
    server.close()
    print(there())
    os.unlink(path)
`,
    prints: "True\nTrue\n".repeat(2),
  },
  {
    story: "what is no socket and has taken the place stays",
    program: `
server = serving()
os.unlink(path)
open(path, "w").write("mine")
server.close()
print(open(path).read())
`,
    prints: "mine\n",
    left: ["server"],
  },
  {
    story: "what somebody killed at a removal has left goes with the next one, a live one's file does not",
    program: `
aside = os.path.dirname(path) + "/.unsock.gone"
def put_aside():
    other = socket.socket(socket.AF_UNIX)
    other.bind(aside)
    return other
put_aside().close()
serving().close()
print(os.listdir(os.path.dirname(path)))
other = put_aside()
serving().close()
print(there(), os.path.exists(aside))
os.unlink(aside)
serving().close()
`,
    prints: "[]\nTrue True\n",
  },
  {
    story: "a server that is closed inside libc leaves its file, and the next bind takes its place",
    by: ["preload"],
    program: `
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
libc.fclose(ctypes.c_void_p(libc.fdopen(serving().detach(), b"r")))
print(there())
server = serving()
print(served(server))
server.close()
print(there())
`,
    prints: "True\nserved\nFalse\n",
  },
  {
    story: "of sockets that others have, 32 are looked at again",
    program: `
control = os.environ["UNSOCK_DIR"] + "/%d.sock"
content = open(control % ${PORT}, "rb").read()
def mapped(port):
    old, new = path.encode(), b"%s%d" % (path.encode(), port)
    open(control % port, "wb").write(content.replace(old + bytes(len(new) - len(old)), new))
    return socket.create_server(("127.0.0.1", port))
servers = [mapped(port) for port in range(3000, 3040)]
child = os.fork()
if child == 0: threading.Event().wait()
for server in servers: server.close()
names = lambda: len(os.listdir(os.path.dirname(path)))
print(names())
os.kill(child, 9)
os.waitpid(child, 0)
serving().close()
print(names())
sys.stdout.flush()
os.closerange(3, 100)
`,
    prints: "40\n40\n",
    left: Array.from({ length: 8 }, (_, index) => `server${3032 + index}`),
  },
  {
    story: "a program that is executed with the server leaves its file, and the next bind takes its place",
    program: `
if len(sys.argv) == 2:
    server = serving()
    server.set_inheritable(True)
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:], str(server.fileno())])
os.close(int(sys.argv[2]))
print(there())
server = serving()
print(served(server))
server.close()
print(there())
`,
    prints: "True\nserved\nFalse\n",
  },
];

for (const door of DOORS) {
  for (const { story, program, prints, left = [], by = DOORS } of STORIES) {
    if (!by.includes(door)) continue;
    Deno.test(`${door}: ${story}`, { ignore }, () =>
      withPlace(door, async ({ python, names }) => {
        assertStrictEquals(await python(program), prints);
        await until("nothing of its own is left", () => names().length <= left.length);
        assertEquals(names(), left);
      }));
  }
}
