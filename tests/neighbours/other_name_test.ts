/** One directory by several names: in containers, through links and mounts. Senders are known by their file, not by how its path begins. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { run, start } from "../support/process.ts";
import { findProgram, need } from "../support/programs.ts";
import { shimEnv, shimLibrary } from "../support/shim.ts";
import { until } from "../support/wait.ts";

const DOORS = ["preload", "trap"] as const;
type Door = typeof DOORS[number];

const canMount = need("python3", "unshare", "mount") && await canUnshare();

async function canUnshare(): Promise<boolean> {
  const { code } = await run([...NAMESPACES(), "mount", "-t", "tmpfs", "none", "/tmp"]);
  return code === 0;
}

/** Namespaces of mounts and of networks, as a container's: an ordinary user's too. */
function NAMESPACES(): string[] {
  return [findProgram("unshare") ?? "unshare", Deno.uid() === 0 ? "-mn" : "-Urmn"];
}

/** Two names of one directory, of which each side knows one alone. */
interface Names {
  readonly outside: string;
  readonly inside: string;
}

/** A container: there the directory has its inner name alone. */
function contained({ outside, inside }: Names, command: string[]): string[] {
  const script = 'mount --bind "$1" "$2" && mount -t tmpfs none "$1" && shift 2 && exec "$@"';
  return [...NAMESPACES(), "sh", "-c", script, "sh", outside, inside, ...command];
}

const HELPERS = `
import array, os, socket, struct, sys
def ask(fd, at, data=b"?"):
    """Whom the server heard, and from whom the answer comes."""
    if at: fd.sendto(data, at)
    else: fd.send(data)
    try: heard, sender = fd.recvfrom(100)
    except TimeoutError: return "no answer"
    own = fd.getsockname()
    heard = heard.decode()
    if heard == "%s %d" % (own[0] if own[0] not in ("0.0.0.0", "::") else heard.split()[0], own[1]): heard = "me"
    return heard, sender[0], sender[1]
def client(family=socket.AF_INET):
    fd = socket.socket(family, socket.SOCK_DGRAM)
    fd.settimeout(20)
    return fd
`;

/** Answers with what it knows of the client; TFTP's servers do so by a socket of its own, connected to the client. */
const SERVER = `
fd = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
fd.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
fd.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
fd.bind(("::", 2001))
while True:
    data, control, flags, sender = fd.recvmsg(100, 1000)
    if data == b"end": break
    ip = sender[0].removeprefix("::ffff:")
    answer = fd
    if data == b"connect":
        answer = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        answer.connect(sender)
    if data == b"asked?":
        told = socket.inet_ntop(socket.AF_INET6, control[0][2][:16])
        fd.sendto(told.encode(), sender)
    elif answer is fd: fd.sendto(("%s %d" % (ip, sender[1])).encode(), sender)
    else: answer.send(b"connected")
`;

const CLIENT = `
for address in ("127.0.0.1", "127.0.0.2", "::1"):
    at = (address, 2001)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    fd = client(family)
    print(*ask(fd, at), *ask(fd, at))
    fd = client(family)
    fd.connect(at)
    print("connected:", *ask(fd, None), *ask(fd, None))
    fd = client(family)
    fd.bind(("::" if ":" in address else "0.0.0.0", 0))
    print("bound:", *ask(fd, at))
    fd.connect(at)
    print("and connected:", *ask(fd, None))
    fd = client(family)
    if address == "127.0.0.2":
        fd.sendto(b"asked?", at)
        print(fd.recv(100).decode())
    fd = client(family)
    fd.sendto(b"connect", at)
    answer, sender = fd.recvfrom(100)
    print("by another socket:", answer.decode(), 32768 <= sender[1] < 61000 or sender)
pair = [client(), client()]
for fd in pair: fd.bind(("127.0.0.1", 0))
for i in (0, 1): pair[i].connect(pair[1 - i].getsockname())
pair[0].send(b"x")
print(pair[1].recvfrom(1)[1] == pair[0].getsockname())
client().sendto(b"end", ("127.0.0.1", 2001))
`;

function environment(door: Door, dir: string): string[] {
  const { LD_PRELOAD = "", ...settings } = shimEnv(dir);
  const variables = door === "trap" ? { ...settings, UNSOCK_ENGINE: "trap" } : { ...settings, LD_PRELOAD };
  return ["env", ...Object.entries(variables).map(([name, value]) => `${name}=${value}`)];
}

function program(door: Door, dir: string, text: string, ...args: string[]): string[] {
  const front = door === "trap" ? [shimLibrary(), "run", "--"] : [];
  return [...environment(door, dir), ...front, "/usr/bin/python3", "-c", HELPERS + text, ...args];
}

const ANSWERS = ["127.0.0.1", "127.0.0.2", "::1"].map((address) => {
  const answered = `me ${address} 2001`;
  const asked = address === "127.0.0.2" ? "::ffff:127.0.0.2\n" : "";
  return `${answered} ${answered}\nconnected: ${answered} ${answered}\nbound: ${answered}\nand connected: ${answered}\n` +
    `${asked}by another socket: connected True\n`;
}).join("") + "True\n";

async function converse(dir: string, server: string[], client: string[]): Promise<void> {
  await using serving = start(server);
  await until("the server is bound", () => Deno.lstat(`${dir}/2001.dgram.sock`).then(() => true, () => false));
  const { stdout, stderr } = await run(client);
  assertEquals({ stdout, stderr }, { stdout: ANSWERS, stderr: "" }, serving.output());
  assertStrictEquals((await serving.result(10_000)).code, 0);
  assertEquals(Array.from(Deno.readDirSync(dir), ({ name }) => name).filter((name) => name !== ".unsock.lock"), []);
}

function withNames(fn: (names: Names, base: string) => Promise<void>): Promise<void> {
  return withDir(async (base) => {
    const names = { outside: `${base}/outside`, inside: `${base}/in` };
    for (const dir of [names.outside, names.inside]) await Deno.mkdir(dir);
    await fn(names, base);
  });
}

for (const door of DOORS) {
  for (const where of ["server", "client"] as const) {
    Deno.test({
      name: `a UDP ${where} in a container, where the directory has another name, hears the other side (${door})`,
      ignore: !canMount,
      fn: () =>
        withNames(async (names) => {
          const inside = (text: string) => contained(names, program(door, names.inside, text));
          const outside = (text: string) => program(door, names.outside, text);
          const [server, client] = where === "server" ? [inside, outside] : [outside, inside];
          await converse(names.outside, server(SERVER), client(CLIENT));
        }),
    });
  }

  for (const where of ["server", "client"] as const) {
    Deno.test({
      name: `a UDP ${where} that reaches the directory through a link hears the other side (${door})`,
      ignore: !need("python3"),
      fn: () =>
        withDir(async (base) => {
          const [dir, link] = [`${base}/run/x`, `${base}/var/run/x`];
          await Deno.mkdir(dir, { recursive: true });
          await Deno.mkdir(`${base}/var`);
          await Deno.symlink("../run", `${base}/var/run`);
          const [server, client] = where === "server" ? [link, dir] : [dir, link];
          await converse(dir, program(door, server, SERVER), program(door, client, CLIENT));
        }),
    });
  }
}

/** Its second life has the directory by another name. */
const INHERITS = `
def told(fd):
    try: return fd.getsockname()[:2]
    except OSError as error: return error
if len(sys.argv) > 2:
    server, asks, stream = (socket.socket(fileno=int(fd)) for fd in sys.argv[2:])
    print(server.family.name, told(server)[0], told(server)[1] == 2001)
    fd = client()
    fd.sendto(b"?", ("127.0.0.1", 2001))
    data, sender = server.recvfrom(10)
    server.sendto(b"!", sender)
    print(fd.recvfrom(10)[1])
    if sys.argv[1] == "link":
        print(asks.family.name, told(asks)[0], asks.getpeername())
        asks.send(b"?")
        print(server.recvfrom(10)[1] == told(asks))
        print(stream.family.name, told(stream)[0], told(stream)[1] == 2001)
else:
    server, asks, stream = client(), client(), socket.socket()
    server.bind(("127.0.0.1", 2001))
    asks.connect(("127.0.0.1", 2001))
    stream.bind(("127.0.0.1", 2001))
    stream.listen()
    for fd in (server, asks, stream): os.set_inheritable(fd.fileno(), True)
    os.environ["UNSOCK_DIR"] = os.environ["OTHER"]
    os.execv(sys.executable, [sys.executable, "-c", os.environ["AGAIN"], sys.argv[1]] + [str(fd.fileno()) for fd in (server, asks, stream)])
`;

const INHERITED = "AF_INET 127.0.0.1 True\n('127.0.0.1', 2001)\n";
/** Of a stream, and of who is connected, the kernel does not tell it to others. */
const INHERITED_BY_LINK = "AF_INET 127.0.0.1 ('127.0.0.1', 2001)\nTrue\nAF_INET 127.0.0.1 True\n";

for (const way of ["link", "mount"] as const) {
  Deno.test({
    name: `sockets that a program inherits are known where it has the directory by another name (${way})`,
    ignore: !canMount,
    fn: () =>
      withNames(async ({ outside, inside }) => {
        if (way === "link") {
          await Deno.remove(inside);
          await Deno.symlink(outside, inside);
        }
        const command = [
          "env",
          `OTHER=${inside}`,
          `AGAIN=${HELPERS + INHERITS}`,
          ...program("preload", outside, INHERITS, way),
        ];
        const mounted = [
          ...NAMESPACES(),
          "sh",
          "-c",
          'mount --bind "$1" "$2" && shift 2 && exec "$@"',
          "sh",
          outside,
          inside,
          ...command,
        ];
        const { stdout, stderr } = await run(way === "mount" ? mounted : command);
        const more = way === "link" ? INHERITED_BY_LINK : "";
        assertEquals({ stdout, stderr }, { stdout: INHERITED + more, stderr: "" });
      }),
  });
}

/** Which of these names the server takes for the client's own: each is of a plain Unix socket in a directory of somebody else's. */
const HOSTILE = `
base, dir = sys.argv[1], os.environ["UNSOCK_DIR"]
server = client()
server.bind(("127.0.0.1", 2001))
def plain(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    fd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    fd.bind(path)
    return fd
def heard(fd):
    fd.sendto(b"!", dir + "/2001.dgram.sock")
    return server.recvfrom(10)[1][1]
def names(port):
    yield base + "/%s/%d.dgram.sock" % (os.path.basename(dir), port)
    yield base + "/x//./%d.dgram.sock" % port
    yield base + "/%d.dgram.sock" % port
    yield dir + "x/%d.dgram.sock" % port
    yield base + "/y/%d@127.0.0.1.dgram.sock" % port
    yield base + "/y/.%d.udp" % port
    yield base + "/y/.%d.dgram.sock.1" % port
def tries(port):
    for name in names(port):
        fd = plain(name)
        if heard(fd) == port: print("taken for port", port, name)
        # What it was bound by leads to our directory by now.
        parent = os.path.dirname(os.path.normpath(name))
        if parent != base:
            os.rename(parent, parent + ".away")
            os.symlink(dir, parent)
            if heard(fd) == port: print("taken for port", port, "by a link", name)
            os.unlink(parent)
            os.rename(parent + ".away", parent)
        fd.close()
        os.unlink(name)
asks, connected, other = client(), client(), client()
other.bind(("127.0.0.1", 2002))
asks.sendto(b"?", ("127.0.0.1", 2001))
asks = server.recvfrom(10)[1][1]
connected.connect(("127.0.0.1", 2001))
for port in (asks, connected.getsockname()[1], 2002, 2001): tries(port)
connected.send(b"?")
print(server.recvfrom(10)[1] == connected.getsockname())
`;

for (const door of DOORS) {
  Deno.test({
    name: `who names his socket in another directory as one of ours is not taken for it (${door})`,
    ignore: !need("python3"),
    fn: () =>
      withNames(async ({ outside }, base) => {
        await Deno.mkdir(`${base}/theirs`);
        const { stdout, stderr } = await run(program(door, outside, HOSTILE, `${base}/theirs`));
        assertEquals({ stdout, stderr }, { stdout: "True\n", stderr: "" });
      }),
  });
}
