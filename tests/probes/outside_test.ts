/** What IP does not know: addresses of no family. */
import { assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { python } from "../support/python.ts";
import { shimEnv } from "../support/shim.ts";

const ignore = !need("python3");

const UNSPECIFIED = `
import struct
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 2001))
libc = ctypes.CDLL(None, use_errno=True)
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
def send(host):
    address = struct.pack("=HH4s8x", socket.AF_UNSPEC, socket.htons(2001), socket.inet_aton(host))
    return os.strerror(ctypes.get_errno()) if libc.sendto(client.fileno(), b"x", 1, 0, address, 16) < 0 else "sent"
print(send("127.0.0.1"), receiver.recv(1).decode(), send("127.0.0.1"), receiver.recv(1).decode(), send("192.0.2.1"))
`;

Deno.test(
  "an address of no family is an IPv4 one to sendto: covered, or refused when the network is blocked",
  { ignore },
  () =>
    withDir(async (dir) => {
      const env = shimEnv(dir, { UNSOCK_BLOCK_INET: "1" });
      const program = "import ctypes, os, socket\n" + UNSPECIFIED;
      const { stdout, stderr } = await run(["python3", "-c", program], { env });
      assertStrictEquals(stderr, "");
      assertStrictEquals(stdout, "sent x sent x Permission denied\n");
    }),
);

const PASSED_DESCRIPTORS = `
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 2001))
listener = socket.create_server(("127.0.0.1", 2002))
before = len(os.listdir("/proc/self/fd"))
for kind, name in (socket.SOCK_DGRAM, "2001.dgram.sock"), (socket.SOCK_STREAM, "2002.sock"):
    plain = socket.socket(socket.AF_UNIX, kind)
    plain.connect(os.environ["UNSOCK_DIR"] + "/" + name)
    # Where the kernel can refuse them (SO_PASSRIGHTS), it tells who sends them.
    try: socket.send_fds(plain, [b"x"], [0] * 100)
    except PermissionError: plain.send(b"x")
    server = receiver if kind == socket.SOCK_DGRAM else listener.accept()[0]
    data, control, flags, sender = server.recvmsg(10, 4096)
    plain.close()
    if server is not receiver: server.close()
    print(data, control)
print(len(os.listdir("/proc/self/fd")) - before)
`;

Deno.test(
  "descriptors that a plain Unix client passes along are not let in: TCP and UDP bring none",
  { ignore },
  () =>
    withDir(async (dir) => {
      assertStrictEquals(await python(PASSED_DESCRIPTORS, dir), "b'x' []\nb'x' []\n0\n");
    }),
);
