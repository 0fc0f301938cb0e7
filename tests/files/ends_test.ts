/** What closing a socket, and the end of its process, leave in the directory: nothing of their own, all of others. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { need } from "../support/programs.ts";
import { python } from "../support/python.ts";
import { until } from "../support/wait.ts";

const ignore = !need("python3");

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
  "a program that closes by raw system calls leaves no files behind",
  { ignore },
  () =>
    withDir(async (dir) => {
      assertStrictEquals(
        await python(ASK_AND_CLOSE, dir),
        "2\n",
        "the receiver's, and the last client's until the end",
      );
      assertEquals([...Deno.readDirSync(dir)], []);
    }),
);

Deno.test(
  "what is closed by syscall(2), as libuv does it, is closed for the library too",
  { ignore },
  () =>
    withDir(async (dir) => {
      const byNumber = ASK_AND_CLOSE.replace(
        "raw_close(client.detach())",
        "ctypes.CDLL(None).syscall(CLOSE, client.detach())",
      );
      assertStrictEquals(await python(byNumber, dir), "1\n", "the receiver's");
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
      assertStrictEquals(await Deno.readTextFile(`${dir}/file`), "written at the very end");
      assertEquals([...Deno.readDirSync(`${dir}/s`)], []);
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
      assertStrictEquals(await python(CLOSED_WHILE_WAITING, dir), "");
      assertEquals([...Deno.readDirSync(dir)], []);
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
      assertStrictEquals(await python(LAST_WORDS, dir), "['2001.dgram.sock', '2001.sock']\n");
      assertEquals([...Deno.readDirSync(dir)], []);
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
      assertStrictEquals(await python(ENDS_WHILE_WAITING, dir, "alone"), "");
      await until("its file is gone", () => [...Deno.readDirSync(dir)].length === 0);
      assertStrictEquals(await python(ENDS_WHILE_WAITING, dir, "shared"), "['2001.sock']\nserved\n");
      await until("its file is gone", () => [...Deno.readDirSync(dir)].length === 0);
    }),
);
