/** Control files for datagram sockets: P.dgram.sock leads a UDP client, or a UDP server, to a socket elsewhere. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { createSocket } from "node:dgram";
import { controlFile, sockaddrInet, sockaddrUnix } from "../support/control.ts";
import { withDir } from "../support/dir.ts";
import { ipListeners } from "../support/net.ts";
import { run, start } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { shimEnv } from "../support/shim.ts";
import { until } from "../support/wait.ts";

const ignore = !need("python3");
const PORT = 2000;

/** An echo server that knows nothing of unsock, at a path or at an IP port that it prints; it says who asked first. */
const ECHO = `
import socket, sys
path = sys.argv[1]
server = socket.socket(socket.AF_INET if path == "inet" else socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", int(sys.argv[2])) if path == "inet" else path)
print("listening", server.getsockname()[1] if path == "inet" else path, flush=True)
while True:
    message, sender = server.recvfrom(65536)
    server.sendto(b"echo " + message, sender)
`;

/** Asks unconnected, then connected, small and big. Everything is seen as UDP shows it. */
const ASK = `
import socket, sys
server = ("127.0.0.1", int(sys.argv[1]))
with socket.socket(type=socket.SOCK_DGRAM) as client:
    client.settimeout(20)
    client.sendto(b"one", server)
    print(client.recvfrom(100))
    client.sendto(b"two", server)
    print(client.recvfrom(100))
with socket.socket(type=socket.SOCK_DGRAM) as client:
    client.settimeout(20)
    client.connect(server)
    print(client.getpeername())
    client.send(b"x" * 10000)
    print(len(client.recv(65536)))
    client.sendmsg([b"thr", b"ee"])
    print(client.recv(100))
`;

const SEEN = `(b'echo one', ('127.0.0.1', ${PORT}))
(b'echo two', ('127.0.0.1', ${PORT}))
('127.0.0.1', ${PORT})
10005
b'echo three'
`;

async function ask(dir: string): Promise<string> {
  const { stdout, stderr } = await run(["python3", "-c", ASK, String(PORT)], { env: shimEnv(dir) });
  return stdout + stderr;
}

Deno.test("the two Python programs of these tests talk over UDP itself: the oracle", { ignore }, async () => {
  await using server = start(["python3", "-c", ECHO, "inet", "0"]);
  const port = await until("listening", () => /^listening (\d+)$/m.exec(server.output())?.[1]);
  const { stdout, stderr } = await run(["python3", "-c", ASK, port]);
  assertStrictEquals(stdout, SEEN.replaceAll(String(PORT), port), stderr);
});

/** A directory in which the port's control file names an AF_UNIX path, both in a base of their own. */
async function withPath(fn: (base: string, dir: string, path: string) => Promise<void>): Promise<void> {
  await withDir(async (base) => {
    const [dir, path] = [`${base}/sockets`, `${base}/server`];
    await Deno.mkdir(dir);
    await Deno.writeFile(`${dir}/${PORT}.dgram.sock`, controlFile({ dest: sockaddrUnix(path) }));
    await fn(base, dir, path);
  });
}

Deno.test("a UDP client asks an AF_UNIX datagram server elsewhere, and notices nothing", { ignore }, async () => {
  await withPath(async (_base, dir, path) => {
    await using server = start(["python3", "-c", ECHO, path]);
    await until("listening", () => server.output().includes("listening"));
    assertStrictEquals(await ask(dir), SEEN, server.output());
    assertEquals([...Deno.readDirSync(dir)].map(({ name }) => name), [`${PORT}.dgram.sock`]);
  });
});

Deno.test("a UDP client asks another UDP port, and notices nothing", { ignore }, async () => {
  await withDir(async (dir) => {
    await using server = start(["python3", "-c", ECHO, "inet", "0"]);
    const port = Number(await until("listening", () => /^listening (\d+)$/m.exec(server.output())?.[1]));
    await Deno.writeFile(`${dir}/${PORT}.dgram.sock`, controlFile({ dest: sockaddrInet("127.0.0.1", port) }));
    assertStrictEquals(await ask(dir), SEEN, server.output());
  });
});

Deno.test(
  "a UDP server answers at an AF_UNIX path elsewhere, under unsock and to plain senders",
  { ignore },
  async () => {
    await withPath(async (base, dir, path) => {
      await using server = start(["python3", "-c", ECHO, "inet", String(PORT)], { env: shimEnv(dir) });
      await until("listening", () => server.output().includes(`listening ${PORT}`));
      assert(!ipListeners().some(({ port }) => port === PORT));
      assertStrictEquals(await ask(dir), SEEN, server.output());
      assertStrictEquals(await askPlainly(base, path), "b'echo plain'\n", server.output());
      assert((await Deno.lstat(`${dir}/${PORT}.dgram.sock`)).isFile, "the control file stays");
    });
  },
);

/** A sender that speaks AF_UNIX itself. */
async function askPlainly(base: string, path: string): Promise<string> {
  const program = `
import socket, sys
client = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
client.settimeout(20)
client.bind(sys.argv[1])
client.sendto(b"plain", sys.argv[2])
print(client.recv(100))
`;
  const { stdout, stderr } = await run(["python3", "-c", program, `${base}/sender`, path]);
  return stdout + stderr;
}

/**
 * A server that speaks with one client at a time, by connecting to it, and disconnects (AF_UNSPEC) before the next one comes. Both
 * processes write whole lines: they come in whatever order.
 */
const ONE_AT_A_TIME = `
import ctypes, os, socket, sys
def say(*words): os.write(1, (" ".join(map(str, words)) + "\\n").encode())
server = socket.socket(type=socket.SOCK_DGRAM)
server.settimeout(20)
server.bind(("127.0.0.1", int(sys.argv[1])))
address = server.getsockname()
def client(name):
    with socket.socket(type=socket.SOCK_DGRAM) as own:
        own.settimeout(20)
        own.connect(address)
        own.send(b"from " + name)
        assert own.recv(100) == b"hello " + name
        own.send(b"more from " + name)
        say(own.recvfrom(100) == (b"bye " + name, address))
other = socket.socket(type=socket.SOCK_DGRAM)
other.settimeout(20)
other.bind(("127.0.0.1", 0))
again = os.pipe()
if os.fork() == 0:
    client(b"one")
    os.read(again[0], 1)
    client(b"two")
    os._exit(0)
for _ in range(2):
    text, sender = server.recvfrom(100)
    server.connect(sender)
    say(text, server.getsockname() == address, server.getpeername() == sender)
    server.send(text.replace(b"from", b"hello"))
    text = server.recv(100)
    say(text)
    server.sendto(b"meanwhile", other.getsockname())
    say(other.recv(100))
    server.sendto(text.replace(b"more from", b"bye"), sender)
    ctypes.CDLL(None).connect(server.fileno(), bytes(16), 16)
    say(server.getsockname() == address)
    os.write(again[1], b"x")
say(os.waitstatus_to_exitcode(os.wait()[1]))
`;

Deno.test(
  "a UDP server at an AF_UNIX path connects to one client after the other, and keeps its place until its end",
  { ignore },
  async () => {
    await withPath(async (base, dir) => {
      const oracle = await run(["python3", "-c", ONE_AT_A_TIME, String(await freeUdpPort())]);
      assert(oracle.stdout.endsWith("\n0\n"), oracle.stdout + oracle.stderr);
      const { stdout, stderr } = await run(["python3", "-c", ONE_AT_A_TIME, String(PORT)], { env: shimEnv(dir) });
      const lines = (text: string) => text.split("\n").sort();
      assertEquals(lines(stdout), lines(oracle.stdout), stderr);
      assertEquals([...Deno.readDirSync(base)].map(({ name }) => name), ["sockets"]);
    });
  },
);

Deno.test("a UDP server answers at another UDP port, where the network sees it", { ignore }, async () => {
  await withDir(async (dir) => {
    const real = await freeUdpPort();
    await Deno.writeFile(`${dir}/${PORT}.dgram.sock`, controlFile({ dest: sockaddrInet("127.0.0.1", real) }));
    await using server = start(["python3", "-c", ECHO, "inet", String(PORT)], { env: shimEnv(dir) });
    await until("listening", () => server.output().includes(`listening ${PORT}`));
    assert(ipListeners().some(({ port }) => port === real));
    assertStrictEquals(await ask(dir), SEEN, server.output());
  });
});

/** A port for a real server: free a moment ago. */
async function freeUdpPort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}
