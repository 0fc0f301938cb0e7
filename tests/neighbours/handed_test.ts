/** Descriptors that a service manager hands over, or seems to: which of them a bind takes, and what becomes of them. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { namesIn, withDir } from "../support/dir.ts";
import { type Handed, told } from "../support/handing.ts";
import { need } from "../support/programs.ts";

const ignore = !need("python3");

const STREAM: Handed[] = [["stream", "8000.sock"]];

interface More {
  env?: Record<string, string>;
  /** The files that stay: the manager's, and no others. */
  files?: string[];
}

function story(what: string, sockets: Handed[], program: string, output: string, { env, files }: More = {}): void {
  Deno.test(what, { ignore }, () =>
    withDir(async (dir) => {
      assertStrictEquals(await told(dir, sockets, program, env), output);
      assertEquals(namesIn(dir), files ?? sockets.map(([, name]) => name).toSorted());
    }));
}

const SERVE = `
fd = new()
print(listen(fd), served(fd))`;

/** The values of the variables with which nothing, or nothing of this process, is named. */
const NOTHING: Record<string, string>[] = [
  { LISTEN_FDS: "" },
  { LISTEN_FDS: "0" },
  { LISTEN_FDS: "-1" },
  { LISTEN_FDS: "x" },
  { LISTEN_FDS: " 1" },
  { LISTEN_FDS: "1 " },
  { LISTEN_FDS: "0x1" },
  { LISTEN_FDS: "65537" },
  { LISTEN_FDS: "4294967297" },
  { LISTEN_FDS: "99999999999999999999999" },
  { LISTEN_PID: "" },
  { LISTEN_PID: "1" },
  { LISTEN_PID: "0" },
  { LISTEN_PID: "all" },
];

for (const engine of ["auto", "trap"]) {
  const env = { UNSOCK_ENGINE: engine };
  story(`a server binds the port that was opened for it (${engine})`, STREAM, SERVE, "0 True\n", { env });
  story(
    `LISTEN_FDS that names more descriptors than there are is no obstacle (${engine})`,
    STREAM,
    SERVE,
    "0 True\n",
    { env: { ...env, LISTEN_FDS: "65536" } },
  );
  Deno.test(
    `LISTEN_FDS and LISTEN_PID that name nothing hand nothing over: EADDRINUSE (${engine})`,
    { ignore },
    () =>
      withDir(async (dir) => {
        const results: string[] = [];
        for (const [i, wrong] of NOTHING.entries()) {
          const one = join(dir, String(i));
          Deno.mkdirSync(one);
          results.push(await told(one, STREAM, "print(bind(new()))", { ...env, ...wrong }));
        }
        assertEquals(results, NOTHING.map(() => "98\n"));
      }),
  );
}

story(
  "a connection that was handed over is no listener, a datagram socket no stream, and another port's another's",
  [["connection", "8000.sock"], ["datagram", "8001.sock"], ["stream", "8002.sock"], ["stream", "8003.dgram.sock"]],
  `
print(bind(new()), bind(new(), port=8001), bind(new(), port=8002))
print(bind(new(socket.SOCK_DGRAM), port=8003))
`,
  "98 98 0\n98\n",
);

story(
  "what the program has closed, or made something else, is not handed over any more",
  [["stream", "8000.sock"], ["stream", "8001.sock"], ["stream", "8002.sock"]],
  `
keep = [os.dup(3), os.dup(4), os.dup(5)]
os.close(3)
os.dup2(os.open("/dev/null", os.O_RDWR), 4)
os.dup2(socket.socket().detach(), 5)
print([bind(new(), port=port) for port in (8000, 8001, 8002)])
`,
  "[98, 98, 98]\n",
);

story(
  "a program that knows of its sockets is told EADDRINUSE when it binds the port as well",
  STREAM,
  `
aware = socket.socket(fileno=3)
print(aware.getsockname(), bind(new()), bind(new(), "0.0.0.0"), served(aware))
`,
  "('127.0.0.1', 8000) 98 98 True\n",
  { files: [] }, // this manager has gone, and the program knew what it had
);

story(
  "a process that was started by the one that has the sockets is told EADDRINUSE, and a forked one may bind",
  STREAM,
  `
program = "import socket; print(socket.socket().bind(('127.0.0.1', 8000)))"
child = subprocess.run([sys.executable, "-c", program], close_fds=False, stderr=subprocess.PIPE, text=True)
print(child.returncode, "Address already in use" in child.stderr, flush=True)
if os.fork() == 0:
    fd = new()
    print(listen(fd), served(fd), flush=True)
    os._exit(0)
os.wait()
`,
  "1 True\n0 True\n",
);

story(
  "a server that executes itself binds the port again",
  STREAM,
  `
fd = new()
print(listen(fd), served(fd), flush=True)
if not sys.argv[1:]: os.execv(sys.executable, [sys.executable, "-c", sys.orig_argv[2], "again"])
`,
  "0 True\n0 True\n",
);

story(
  "who closes the port and binds it again serves whoever came meanwhile",
  STREAM,
  `
fd = new()
print(listen(fd), fd.getsockname())
fd.close()
client = socket.create_connection(("127.0.0.1", 8000))
fd = new()
print(listen(fd, "0.0.0.0"), fd.getsockname(), fd.accept()[1] == client.getsockname())
`,
  "0 ('127.0.0.1', 8000)\n0 ('0.0.0.0', 8000) True\n",
);

story(
  "a second bind of the address is EADDRINUSE, one of another address and one with SO_REUSEPORT are not",
  STREAM,
  `
fds = [new() for i in range(4)] + [new(family=6)]
print(listen(fds[0]), listen(fds[1]), listen(fds[2], "0.0.0.0"), listen(fds[3], "127.0.0.2"), listen(fds[4], "::1"))
names = [fds[i].getsockname()[:2] for i in (0, 3, 4)]
print(names)
for fd in fds: fd.close()
fds = [new(reuseport=True) for i in range(2)]
print([listen(fd) for fd in fds], bind(new()), served(fds[0]), served(fds[1]))
if os.fork() == 0: print(bind(new(reuseport=True)), bind(new()), flush=True)
else: os.wait()
`,
  "0 98 98 0 0\n[('127.0.0.1', 8000), ('127.0.0.2', 8000), ('::1', 8000)]\n[0, 0] 98 True True\n0 98\n",
);

story(
  "the status flags of one that listens already stay when another address is bound",
  STREAM,
  `
fds = [new(), new(family=6)]
fds[0].setblocking(False)
fds[1].setblocking(True)
print(listen(fds[0]), listen(fds[1], "::1"), os.get_blocking(fds[0].fileno()))
`,
  "0 0 False\n",
);

story(
  "the address that was bound is told after exec, also where the one before was another",
  STREAM,
  `
fd = new(family=6)
print(listen(fd, "::"), flush=True)
fd.set_inheritable(True)
tell = "import socket; print(socket.socket(fileno=%d).getsockname()[:2])" % fd.fileno()
subprocess.run([sys.executable, "-c", tell], close_fds=False)
fd.close()
fd = new()
print(listen(fd), flush=True)
fd.set_inheritable(True)
subprocess.run([sys.executable, "-c", tell], close_fds=False)
`,
  "0\n('::', 8000)\n0\n('127.0.0.1', 8000)\n",
);

story(
  "closing and shutting down take no registration away from others, and nothing from the manager",
  [["stream", "8000.sock"], ["datagram", "8000.dgram.sock"]],
  `
fd, set = new(), select.epoll()
set.register(fd, select.EPOLLIN)
print(listen(fd))
if os.fork() == 0:
    fd.close()
    os._exit(0)
os.wait()
client = socket.create_connection(("127.0.0.1", 8000))
print(set.poll(10) == [(fd.fileno(), select.EPOLLIN)])
fd.accept()
fd.shutdown(socket.SHUT_RDWR)
fd.close()
client = plain(DIR + "/8000.sock")
print(set.poll(0), select.select([3], [], [], 10)[0])
fd = new(socket.SOCK_DGRAM)
print(bind(fd))
try: fd.shutdown(socket.SHUT_RDWR)
except OSError as error: print(error.errno)
fd.close()
client = new(socket.SOCK_DGRAM)
client.sendto(b"x", ("127.0.0.1", 8000))
print(select.select([4], [], [], 10)[0])
`,
  "0\nTrue\n[] [3]\n0\n107\n[4]\n",
);

story(
  "no other datagram socket moves the manager's out of the way, nor is it led elsewhere for a client of its own",
  [["datagram", "8000.dgram.sock"]],
  `
fds = [new(socket.SOCK_DGRAM, reuseport=True) for i in range(2)]
for fd in fds: fd.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
print([bind(fd) for fd in fds])
client, other = new(socket.SOCK_DGRAM), new(socket.SOCK_DGRAM)
client.connect(("127.0.0.1", 8000))
client.send(b"x")
try: fds[0].connect(fds[0].recvfrom(9)[1])
except OSError as error: print(error.errno)
other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
for fd in fds: fd.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 0)
print(bind(other))
client.send(b"y")
print(fds[1].recv(9), [name for name in os.listdir(DIR) if "8000" in name])
`,
  "[0, 0]\n98\n98\nb'y' ['8000.dgram.sock']\n",
);

story(
  "a second socket with SO_REUSEADDR is one too many; a thread that waits to accept is woken by a client, not by shutdown",
  STREAM,
  `
import threading
fds = [new(), new()]
for fd in fds: fd.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
print([bind(fd) for fd in fds])
fds[0].listen()
fds[0].settimeout(None)
def wait():
    for i in range(2): accepted.append(fds[0].accept())
accepted = []
waiting = threading.Thread(target=wait, daemon=True)
waiting.start()
socket.create_connection(("127.0.0.1", 8000))
while not accepted: pass
while open("/proc/self/task/%d/stat" % waiting.native_id).read().rpartition(")")[2].split()[0] != "S": pass
fds[0].shutdown(socket.SHUT_RDWR)
waiting.join(0.1)
print(len(accepted), waiting.is_alive())
socket.create_connection(("127.0.0.1", 8000))
while len(accepted) < 2: pass
print(accepted[1][0].fileno() > 0)
waiting.join()
`,
  "[0, 98]\n1 True\nTrue\n",
);
