/**
 * What ip2unix's own tests ask of such a library, where it is no matter of its rules: servers on several addresses in one
 * tree of processes, their files, duplicates and children. All of IPv4 and IPv6 is covered.
 */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { shimEnv } from "../support/shim.ts";

const HELPERS = `
import os, socket, sys
def made(address, kind=socket.SOCK_STREAM): return socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
def bound(address, port, kind=socket.SOCK_STREAM):
    server = made(address, kind)
    server.bind((address, port))
    return server
def listening(address, port):
    server = bound(address, port)
    server.listen()
    return server
def child(work):
    pid = os.fork()
    if pid != 0: return pid
    try: work()
    except BaseException as error:
        print(repr(error), flush=True)
        os._exit(1)
    os._exit(0)
def ended(pid): return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
def say(address, port, text):
    with made(address) as client:
        client.connect((address, port))
        assert client.getpeername()[:2] == (address, port)
        client.sendall(text)
def heard(server):
    connection, name = server.accept()
    with connection: return connection.getsockname()[0], connection.recv(100), name == connection.getpeername()
def names(): return sorted(name for name in os.listdir(os.environ["UNSOCK_DIR"]) if name != ".unsock.lock")
`;

function story(what: string, program: string, output: string): void {
  Deno.test(what, { ignore: !need("python3") }, () =>
    withDir(async (dir) => {
      const sockets = `${dir}/s`;
      const env = shimEnv(sockets, { UNSOCK_ADDR: "0.0.0.0/0,::/0" });
      const { stdout, stderr } = await run(["python3", "-c", `${HELPERS}${program}`], { env });
      assertStrictEquals(stderr, "");
      assertStrictEquals(stdout, output);
      assertEquals([...Deno.readDirSync(sockets)], []);
    }));
}

story(
  "servers on addresses of both families, one of which has closed again before it listened, each hear their clients",
  `
first, other = bound("127.0.0.1", 444), bound("1.2.3.4", 555)
bound("1234::5", 444).close()
second = bound("5432::1", 444)
for server in first, other, second: server.listen()
def work():
    say("127.0.0.1", 444, b"hello")
    say("5432::1", 444, b"world")
    say("1.2.3.4", 555, b"other")
pid = child(work)
print(heard(first), heard(second), heard(other), ended(pid))
`,
  "('127.0.0.1', b'hello', True) ('5432::1', b'world', True) ('1.2.3.4', b'other', True) 0\n",
);

story(
  "both ends of a connection tell the loopback address of their family",
  `
servers = [listening("127.0.0.1", 1234), listening("::1", 1234)]
def work():
    for address in "127.0.0.1", "::1":
        with made(address) as client:
            client.connect((address, 1234))
            print(client.getpeername()[0], client.getsockname()[0], flush=True)
ended(child(work))
for server in servers:
    with server.accept()[0] as connection: print(connection.getpeername()[0], connection.getsockname()[0])
`,
  "127.0.0.1 127.0.0.1\n::1 ::1\n".repeat(2),
);

story(
  "port 0 is a port on that address, which a child reaches",
  `
server = listening("1.2.3.4", 0)
port = server.getsockname()[1]
pid = child(lambda: say("1.2.3.4", port, b"hello"))
print(port != 0, heard(server), ended(pid))
`,
  "True ('1.2.3.4', b'hello', True) 0\n",
);

story(
  "datagrams are sent, answered and connected between addresses outside of the loopback, each by its own socket",
  `
servers = [bound(address, 9999, socket.SOCK_DGRAM) for address in ("12::3", "12::4")]
def work():
    with made("::", socket.SOCK_DGRAM) as client:
        for address in "12::3", "12::4":
            client.sendto(b"by sendto", (address, 9999))
            client.sendmsg([b"by ", b"sendmsg"], [], 0, (address, 9999))
        client.connect(("12::4", 9999))
        client.sendall(b"connected")
        assert client.recv(1) == b"x"
pid = child(work)
for server in servers:
    data, name = server.recvfrom(20)
    more, _, _, again = server.recvmsg(20)
    print(data, more, name == again)
server.connect(name)
print(server.recv(20), server.send(b"x"), ended(pid))
`,
  "b'by sendto' b'by sendmsg' True\nb'by sendto' b'by sendmsg' True\nb'connected' 1 0\n",
);

story(
  "two processes accept from one listener, and a connection's duplicate takes another one's number",
  `
server = listening("127.0.0.2", 9999)
def work():
    with server.accept()[0] as connection: connection.sendall(connection.recv(10)[::-1])
pid = child(work)
clients = [made("127.0.0.2"), made("127.0.0.2")]
clients[0].connect(("127.0.0.2", 9999))
clients[0].sendall(b"abc")
print(clients[0].recv(3), ended(pid))
clients[1].connect(("127.0.0.2", 9999))
os.dup2(clients[1].fileno(), clients[0].fileno())
with server.accept()[0] as connection:
    with clients[0].dup() as copy: copy.sendall(b"from the copy")
    clients[1].close()
    clients[0].sendall(b", and from the number")
    clients[0].shutdown(socket.SHUT_WR)
    print(b"".join(iter(lambda: connection.recv(100), b"")))
clients[0].close()
`,
  "b'cba' 0\nb'from the copy, and from the number'\n",
);

story(
  "a client that was bound and has gone takes its own file away, and not the server's",
  `
server = listening("1.2.3.4", 1234)
with bound("4.3.2.1", 4321) as client:
    before = names()
    client.connect(("1.2.3.4", 1234))
    connection, name = server.accept()
    print(name, connection.getpeername() == name)
print([name for name in before if "4321" in name], [name for name in names() if "4321" in name])
say("1.2.3.4", 1234, b"again")
print(heard(server))
`,
  "('4.3.2.1', 4321) True\n['.4321@4.3.2.1', '4321.sock'] []\n('1.2.3.4', b'again', True)\n",
);

story(
  "a child that closes all that it has inherited takes no server's file away, on whatever address",
  `
servers = [listening("1.2.3.4", 1234), listening("1.2.3.5", 1234)]
datagrams = [bound(address, 1234, socket.SOCK_DGRAM) for address in ("1.2.3.4", "1.2.3.5")]
before = names()
print(ended(child(lambda: os.closerange(3, 65536))), names() == before)
for server in servers:
    address = server.getsockname()[0]
    say(address, 1234, address.encode())
    print(heard(server))
`,
  "0 True\n('1.2.3.4', b'1.2.3.4', True)\n('1.2.3.5', b'1.2.3.5', True)\n",
);

story(
  "many connections by many children are each one's own, to two servers on one port",
  `
servers = {address: listening(address, 123) for address in ("1.2.3.4", "4.3.2.1")}
told, tell = os.pipe()
# Open until all have been seen: there is no TIME_WAIT, and the port of one that is closed may be another child's next.
def work():
    os.close(tell)
    clients = [(made(address), address) for address in list(servers) * 5]
    for client, address in clients:
        client.connect((address, 123))
        client.sendall(address.encode())
    os.read(told, 1)
children = [child(work) for _ in range(10)]
seen = set()
for _ in range(50):
    for address, server in servers.items():
        connection, name = server.accept()
        with connection: assert connection.recv(20).decode() == address
        seen.add((address, name))
os.close(tell)
print([ended(pid) for pid in children].count(0), len(seen))
`,
  "10 100\n",
);
