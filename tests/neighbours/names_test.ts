/** What abstract names of others can do: another user's squat on those that clients want, a peer's claims in its own. */
import { assertMatch, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { run, start } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { python } from "../support/python.ts";
import { shimEnv } from "../support/shim.ts";
import { until } from "../support/wait.ts";

const ignore = !need("python3");

/** Accepts once for each line and tells its own address: itself, and by a program that it executes for the connection. */
const SERVER = `
import socket, subprocess, sys
listener = socket.create_server((sys.argv[1], 2001))
print("ready", flush=True)
OWN = "import socket; print(socket.socket(fileno=0).getsockname())"
while True:
    connection = listener.accept()[0]
    executed = subprocess.run([sys.executable, "-c", OWN], stdin=connection, capture_output=True, text=True)
    connection.sendall((str(connection.getsockname()) + " " + executed.stdout).encode())
    connection.close()
`;

/** Not under unsock: connects with a name of its own making. */
const CLAIM = `
import socket, sys
client = socket.socket(socket.AF_UNIX)
client.bind(b"\\0unsock " + sys.argv[2].encode())
client.connect(sys.argv[1])
print(client.makefile().read(), end="")
`;

/** Abstract names are all tests' alone: a port for each keeps them apart. */
function randomPort(): number {
  return 10_000 + (crypto.getRandomValues(new Uint16Array(1))[0] ?? 0) % 20_000;
}

async function claim(listening: string, target: string): Promise<string> {
  let told = "";
  await withDir(async (dir) => {
    await using server = start(["python3", "-c", SERVER, listening], { env: shimEnv(dir) });
    await until("the server", () => server.output().includes("ready"));
    const port = randomPort().toString(16);
    const { stdout, stderr } = await run([
      "python3",
      "-c",
      CLAIM,
      `${dir}/2001.sock`,
      `7f000001:${port} ${target}0`,
    ]);
    assertStrictEquals(stderr, "");
    told = stdout.trimEnd();
  });
  return told;
}

for (
  const [what, listening, target, own] of [
    ["an address that is not covered", "127.0.0.1", "08080808:07d1", "127.0.0.1"],
    ["an address that is another's", "127.0.0.1", "7f000002:07d1", "127.0.0.1"],
    ["a port that is another's", "127.0.0.1", "7f000001:0016", "127.0.0.1"],
    ["an address that is not covered, to a wildcard", "0.0.0.0", "08080808:07d1", "127.0.0.1"],
    ["a port that is another's, to a wildcard", "0.0.0.0", "7f000002:0016", "127.0.0.1"],
    ["one of the addresses of a wildcard", "0.0.0.0", "7f000002:07d1", "127.0.0.2"],
  ] as const
) {
  Deno.test(`a peer that claims to have connected to ${what} does not decide what the server's address is`, {
    ignore,
  }, async () => {
    const [itself, executed] = (await claim(listening, target)).split(/(?<=\)) /);
    assertStrictEquals(itself, `('${own}', 2001)`);
    // Which address its listener had cannot be told after exec; the port can.
    assertMatch(executed ?? "", /^\('127\.0\.0\.[12]', 2001\)$/);
  });
}

/** Not under unsock, and another user if root can be one: takes every name that a client of the port would take. */
const SQUATTER = `
import os, resource, signal, socket, sys
port, low, high = map(int, sys.argv[1:4])
tag = sys.argv[4].encode()
if os.getuid() == 0:
    os.setgid(65534); os.setuid(65534)
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
each = hard - 50
told, tell = os.pipe()
workers = range(low, high + 1, each)
for first in workers:
    if os.fork() > 0: continue
    taken = []
    for source in range(first, min(first + each, high + 1)):
        taken.append(socket.socket(socket.AF_UNIX))
        taken[-1].bind(b"\\0unsock 7f000001:%04x 7f000001:%04x%c%s" % (source, port, ord("0") + source % 64, tag))
    os.write(tell, b"x")
    signal.pause()
for first in workers: os.read(told, 1)
print("taken", flush=True)
signal.pause()
`;

const CONNECTIONS = `
port, low, high = map(int, sys.argv[1:])
listener = socket.create_server(("127.0.0.1", port))
clients, seen = [], set()
for i in range(20):
    clients.append(socket.create_connection(("127.0.0.1", port)))
    server, address = listener.accept()
    assert address == clients[-1].getsockname(), (address, clients[-1].getsockname())
    assert server.getpeername() == address and server.getsockname() == clients[-1].getpeername()
    seen.add(address)
    clients.append(server)
# Those of the range are all taken: else the squatter has missed the names, and nothing is shown.
print(len(seen), sum(low <= port <= high for _, port in seen))
`;

/** How the names of a directory's clients end: its inode number with the device's two mixed in, bytes from the lowest. */
function tagOf(dir: string): string {
  const { ino, dev } = Deno.statSync(dir);
  const major = BigInt(dev >> 8), minor = BigInt(dev & 0xff);
  const tag = new BigUint64Array([BigInt(ino ?? 0) ^ major << 52n ^ minor << 32n]);
  return [...new Uint8Array(tag.buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

Deno.test("connections go on when another user has bound the names that their clients would take", {
  ignore,
}, async () => {
  const port = String(randomPort());
  const [low = "32768", high = "60999"] = Deno.readTextFileSync("/proc/sys/net/ipv4/ip_local_port_range").trim()
    .split(/\s+/);
  await withDir(async (dir) => {
    // Nothing keeps another user from guessing the numbers of a directory that they may not look into.
    await using squatter = start(["python3", "-c", SQUATTER, port, low, high, tagOf(dir)]);
    await until("all names are taken", () => squatter.output().includes("taken"), 30_000);
    assertStrictEquals(await python(CONNECTIONS, dir, port, low, high), "20 0\n");
  });
});

/** From a chosen port to a server of its own, which it holds until it is told to end. */
const FROM_CHOSEN = `
port, source = map(int, sys.argv[1:3])
listener = socket.create_server(("127.0.0.1", port))
client = socket.create_connection(("127.0.0.1", port), source_address=("127.0.0.1", source))
server, address = listener.accept()
print(address[1], flush=True)
if len(sys.argv) > 3: signal.pause()
`;

Deno.test("the same port may connect to the same port in two directories at once", { ignore }, async () => {
  const port = randomPort(), source = randomPort() + 20_000;
  await withDir(async (one) => {
    await withDir(async (other) => {
      const command = [
        "python3",
        "-c",
        `import signal, socket, sys\n${FROM_CHOSEN}`,
        String(port),
        String(source),
        "hold",
      ];
      await using held = start(command, { env: shimEnv(one) });
      await until("the first connection", () => held.output().includes("\n"));
      assertStrictEquals(held.output(), `${source}\n`);
      assertStrictEquals(await python(FROM_CHOSEN, other, String(port), String(source)), `${source}\n`);
    });
  });
});
