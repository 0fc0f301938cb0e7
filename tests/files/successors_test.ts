/** SO_REUSEPORT in several processes: who gets clients, and what becomes of that when one of them goes, or is killed. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { shimEnv } from "../support/shim.ts";

const ignore = !need("python3");

/** Servers that do what they are told, each a process, and say their names to whoever asks. */
const HELPERS = `
import os, select, signal, socket, sys
TYPE = getattr(socket, sys.argv[1])
class Server:
    ends = []
    def __init__(self, name, address="127.0.0.1", options=(socket.SO_REUSEPORT,), listens=True):
        said, say = os.pipe()
        told, self.tell = os.pipe()
        Server.ends.append(self.tell)
        self.said, self.pid = said, os.fork()
        if self.pid == 0: self.serve(name, address, options, told, say)
        os.close(say), os.close(told)
        self.bound = self.answer() == b"bound"
        if self.bound and listens: self.listen()
    def answer(self): return os.read(self.said, 10)
    def serve(self, name, address, options, told, say):
        for end in Server.ends: os.close(end)
        server = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, TYPE)
        for option in options: server.setsockopt(socket.SOL_SOCKET, option, 1)
        try: server.bind((address, 9042))
        except OSError: os._exit(1)
        os.write(say, b"bound")
        listening = TYPE == socket.SOCK_DGRAM
        while True:
            ready = select.select([told, server] if listening else [told], [], [])[0]
            if server in ready and listening and TYPE == socket.SOCK_STREAM:
                client = server.accept()[0]
                client.send(name.encode())
                client.close()
            elif server in ready:
                server.sendto(name.encode(), server.recvfrom(10)[1])
            elif os.read(told, 1) == b"l":
                if TYPE == socket.SOCK_STREAM: server.listen()
                listening = True
                os.write(say, b"listens")
            else:
                server.close()
                os._exit(0)
    def listen(self):
        os.write(self.tell, b"l")
        assert self.answer() == b"listens"
    def close(self, kill=False):
        if kill: os.kill(self.pid, signal.SIGKILL)
        Server.ends.remove(self.tell)
        os.close(self.tell)
        os.waitpid(self.pid, 0)
def ask(address="127.0.0.1"):
    client = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, TYPE)
    client.settimeout(10)
    try:
        client.connect((address, 9042))
        if TYPE == socket.SOCK_DGRAM: client.send(b"?")
        return client.recv(10).decode()
    except ConnectionRefusedError: return "nobody"
    # One that waited in the queue of a listener that was closed, as over TCP.
    except ConnectionResetError: return "somebody"
    finally: client.close()
def names(): return len([name for name in os.listdir(os.environ["UNSOCK_DIR"]) if name != ".unsock.lock"])
`;

function story(what: string, program: string, output: string, types = ["SOCK_STREAM", "SOCK_DGRAM"]): void {
  for (const type of types) {
    Deno.test(`${type}: ${what}`, { ignore }, () =>
      withDir(async (dir) => {
        const sockets = `${dir}/s`;
        const { stdout, stderr } = await run(["python3", "-c", `${HELPERS}${program}`, type], {
          env: shimEnv(sockets),
        });
        assertStrictEquals(stderr, "");
        assertStrictEquals(stdout, output);
        assertEquals([...Deno.readDirSync(sockets)], []);
      }));
  }
}

story(
  "clients are spread over all that share a datagram port, each goes on to the same one, and who goes gets no more",
  `
def who():
    answers = set()
    for i in range(40):
        client = socket.socket(socket.AF_INET, TYPE)
        client.settimeout(10)
        said = set()
        for i in range(3):
            client.sendto(b"?", ("127.0.0.1", 9042))
            said.add(client.recv(10).decode())
        assert len(said) == 1, said
        answers |= said
    return sorted(answers)
one, two, three = (Server(name) for name in ("one", "two", "three"))
print(who(), Server("other", options=()).bound)
three.close()
print(who())
two.close(kill=True)
print(who())
two = Server("two")
print(who())
one.close()
print(who())
two.close()
print(ask(), names())
`,
  "['one', 'three', 'two'] False\n['one', 'two']\n['one']\n['one', 'two']\n['two']\nnobody 0\n",
  ["SOCK_DGRAM"],
);

story(
  "with SO_REUSEADDR the newest has all datagrams, also of those who asked before, and the older one when that goes",
  `
options = (socket.SO_REUSEADDR,)
client = socket.socket(socket.AF_INET, TYPE)
client.settimeout(10)
def again():
    client.sendto(b"?", ("127.0.0.1", 9042))
    return client.recv(10).decode()
one = Server("one", options=options)
print(again(), ask())
two = Server("two", options=options)
three = Server("three", options=options)
print(again(), ask(), Server("other").bound)
three.close()
print(again(), ask())
two.close(kill=True)
print(again(), ask())
two = Server("two", options=options)
one.close()
print(again(), ask())
two.close()
print(ask())
`,
  "one one\nthree three False\ntwo two\none one\ntwo two\nnobody\n",
  ["SOCK_DGRAM"],
);

story(
  "new clients are spread over all that listen, and who goes gets no more",
  `
def who(address="127.0.0.1"): return sorted({ask(address) for i in range(40)})
one, two, three = (Server(name) for name in ("one", "two", "three"))
print(who(), Server("other", options=()).bound)
three.close()
print(who())
two.close(kill=True)
print(who())
two = Server("two", listens=False)
print(who())
two.listen()
print(who())
one.close()
print(who())
two.close()
print(ask(), names())
`,
  "['one', 'three', 'two'] False\n['one', 'two']\n['one']\n['one']\n['one', 'two']\n['two']\nnobody 0\n",
  ["SOCK_STREAM"],
);

story(
  "one that does not listen yet takes no client away",
  `
one = Server("one")
two = Server("two", listens=False)
print(ask(), ask(), ask())
two.listen()
print(sorted({ask() for i in range(40)}))
three = Server("three", listens=False)
two.close()
print(ask(), ask(), ask())
one.close()
print(ask())
three.listen()
print(ask())
three.close()
`,
  "one one one\n['one', 'two']\none one one\nnobody\nthree\n",
  ["SOCK_STREAM"],
);

story(
  "a killed successor's clients are the older one's, and its port is not free for others",
  `
one, two = Server("one"), Server("two")
two.close(kill=True)
print(ask())
two = Server("two")
two.close(kill=True)
print(Server("other", options=()).bound, ask())
three = Server("three")
one.close(kill=True)
print(ask())
three.close()
print(ask())
`,
  "one\nFalse one\nthree\nnobody\n",
);

story(
  "a wildcard that lets it has the clients whose address nobody has",
  `
first, one, two = Server("first", "127.0.0.2"), Server("one"), Server("two")
print(ask("127.0.0.2"), sorted({ask() for i in range(40)}), ask("127.0.0.3"))
any = Server("any", "0.0.0.0")
print(any.bound, ask("127.0.0.2"), sorted({ask() for i in range(40)}), ask("127.0.0.3"))
two.close()
print(ask())
any.close()
one.close()
print(ask("127.0.0.2"), ask())
first.close()
print(ask())
`,
  "first ['one', 'two'] nobody\nTrue first ['one', 'two'] any\none\nfirst nobody\nnobody\n",
);

/** Whoever connects while servers take each other's place, a thousand times, finds one of them. */
story(
  "whoever looks in between finds one of them",
  `
stop, stopping = os.pipe()
result, results = os.pipe()
one = Server("one")
Server.ends.append(stopping)
client = os.fork()
if client == 0:
    for end in Server.ends: os.close(end)
    counts = [0, 0]
    while counts[0] < 20 or not select.select([stop], [], [], 0)[0]:
        counts[ask() == "nobody"] += 1
    os.write(results, repr(counts[1]).encode())
    os._exit(0)
for i in range(20):
    two = Server("two")
    one.close()
    one = two
    if i % 5 == 4:
        Server("three").close()
os.close(stopping)
Server.ends.remove(stopping)
print(os.read(result, 100))
os.waitpid(client, 0)
one.close()
`,
  "b'0'\n",
  ["SOCK_STREAM"],
);
