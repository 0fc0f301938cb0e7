/** Clients of a datagram server that ask and never read: how often they are waited for, and what others lose. Counted. */
import { assert, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { python } from "../support/python.ts";
import { shimEnv } from "../support/shim.ts";

const DEAF = 20;
/** Fewer than the waits that all together may have in a second. */
const WAITED_FOR = 5;

/** The first pause of a wait (PAUSE_FIRST_NS in c/calls/datagram_full.c), or a send that waited in the kernel in vain. */
const WAIT = /nanosleep\(.*tv_nsec=50000\b|^\S+ +send(?!.*MSG_DONTWAIT).*EAGAIN/;

/** A server that answers clients of whom none reads; tells for how many seconds it did. */
const FLOOD = `
import socket, sys, time
deaf, blocking = int(sys.argv[1]), sys.argv[2] == "blocking"
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 2001))
clients = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(deaf)]
for client in clients: client.sendto(b"?", ("127.0.0.1", 2001)); server.recvfrom(1)
server.setblocking(blocking)
begun = time.monotonic()
for _ in range(1600):
    for client in clients: assert server.sendto(bytes(100), client.getsockname()) == 100
print(time.monotonic() - begun)
`;

/**
 * The deaf ask before each round of the others, who ask once each and wait for the answers of all. A question may be lost
 * where the server gets no processor for as long as a full queue is waited for, and is asked again: an answer may not.
 */
const AMONG = `
import select
deaf, blocking = int(sys.argv[1]), sys.argv[2] == "blocking"
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 2001))
told, tell = os.pipe()
pid = os.fork()
if pid == 0:
    server.setblocking(blocking)
    heard = 0
    while True:
        if not blocking: select.select([server], [], [])
        question, client = server.recvfrom(100)
        if question == b"end": break
        heard += question != b"deaf"
        server.sendto(question * 4, client)
    os.write(tell, b"%d" % heard)
    os._exit(0)
server.close()
os.close(tell)
def clients(count): return [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
def ask(client, question): client.sendto(question, ("127.0.0.1", 2001))
def answer(client, question):
    while True:
        client.settimeout(20)
        try: return client.recv(100)
        except TimeoutError: ask(client, question)
those, others, answers = clients(deaf), clients(100), 0
for i in range(20):
    for client in those: ask(client, b"deaf")
    for client in others: ask(client, b"%04d" % i)
    for client in others: answers += answer(client, b"%04d" % i) == b"%04d" % i * 4
while not select.select([told], [], [], 0.1)[0]: ask(others[0], b"end")
heard = int(os.read(told, 20))
os.waitpid(pid, 0)
print(answers, "right answers, none lost" if heard == answers else "right answers to %d questions" % heard)
`;

for (const server of ["a blocking server", "an event-driven server"]) {
  const how = server === "a blocking server" ? "blocking" : "events";
  Deno.test(`a client that does not read costs ${server} one wait a second, however much is for it`, {
    ignore: !need("python3") || !need("strace"),
  }, () =>
    withDir(async (dir) => {
      const trace = ["strace", "-f", "-e", "trace=nanosleep,clock_nanosleep,sendto,sendmsg", "-o", `${dir}/trace`];
      const env = Object.entries(shimEnv(dir)).map(([name, value]) => `${name}=${value}`);
      const program = ["env", ...env, "python3", "-c", FLOOD, String(WAITED_FOR), how];
      const { stdout, stderr, code } = await run([...trace, ...program]);
      assertStrictEquals(code, 0, stderr);
      const waits = Deno.readTextFileSync(`${dir}/trace`).split("\n").filter((line) => WAIT.test(line)).length;
      const most = WAITED_FOR * (Math.floor(Number(stdout)) + 1);
      assert(waits > 0 && waits <= most, `${waits} waits in ${stdout.trim()} seconds, at most ${most}`);
    }));

  Deno.test(
    `clients that read lose nothing to those of ${server} that do not`,
    { ignore: !need("python3") },
    () =>
      withDir(async (dir) => {
        assertStrictEquals(await python(AMONG, dir, String(DEAF), how), "2000 right answers, none lost\n");
      }),
  );
}
