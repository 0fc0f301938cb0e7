/** Connects by Firecracker's multiplexer that do not wait for its answer: told of later, as a TCP connect is. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { GUEST_PORT, PORT, withMultiplexer } from "../support/firecracker.ts";
import { run, start } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { shimEnv } from "../support/shim.ts";
import { unsock } from "../cli/unsock.ts";
import { until } from "../support/wait.ts";

/** The outcome of `curl --connect-timeout`: its time was up. */
const TIMED_OUT = 28;

/** Prints what each line of the program says, one thing a line. */
async function python(script: string, dir: string, settings: Record<string, string> = {}): Promise<string[]> {
  const { code, stdout, stderr } = await run(["python3", "-c", script, String(PORT)], { env: shimEnv(dir, settings) });
  assertStrictEquals(code, 0, stderr);
  return stdout.trimEnd().split("\n");
}

const CONNECT = `
import errno, select, signal, socket, sys
name = lambda number: errno.errorcode.get(number, "ok")
address = ("127.0.0.1", int(sys.argv[1]))
s = socket.socket()
def error(): return name(s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
def attempt(call, *arguments):
    try:
        return call(*arguments) and None
    except OSError as e:
        return name(e.errno)
`;

Deno.test({
  name: "curl's own limit holds while the guest stands still",
  ignore: !need("curl"),
  fn: () =>
    withMultiplexer({ kind: "silent" }, async ({ dir }) => {
      const limits = ["--connect-timeout", "1", "--max-time", "4"];
      const client = await run(["curl", "-sS", "-w", "%{http_connect}", ...limits, `http://127.0.0.1:${PORT}/`], {
        env: shimEnv(dir, { UNSOCK_CONNECT_TIMEOUT_MS: "60000" }),
      });
      assertStrictEquals(client.code, TIMED_OUT, client.stderr);
    }),
});

Deno.test({
  name: "a connect that does not wait is in progress, and neither connected nor writable until the guest answers",
  ignore: !need("python3"),
  fn: () =>
    withMultiplexer({ kind: "silent" }, async ({ dir }) => {
      const said = await python(
        `${CONNECT}
s.setblocking(False)
print(name(s.connect_ex(address)), name(s.connect_ex(address)))
poll, edges = select.poll(), select.epoll()
poll.register(s, select.POLLIN | select.POLLOUT)
edges.register(s, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)
print(poll.poll(20), edges.poll(0.02))
print(attempt(s.getpeername), attempt(s.send, b"x"), attempt(s.recv, 1))
`,
        dir,
      );
      assertEquals(said, ["EINPROGRESS EALREADY", "[] []", "ENOTCONN EAGAIN EAGAIN"]);
    }),
});

for (const wait of ["poll", "epoll", "edges", "select"]) {
  Deno.test({
    name: `whoever waits by ${wait} hears of the answer, and reads what follows it`,
    ignore: !need("python3"),
    fn: () =>
      withMultiplexer({ kind: "eager", text: "hello\n" }, async ({ dir, multiplexer }) => {
        const said = await python(
          `${CONNECT}
s.setblocking(False)
waits = {
    "poll": lambda: (p := select.poll(), p.register(s, select.POLLOUT), p.poll(30000))[2],
    "epoll": lambda: (p := select.epoll(), p.register(s, select.EPOLLOUT), p.poll(30))[2],
    "edges": lambda: edges.poll(30),
    "select": lambda: select.select([], [s], [], 30)[1],
}
edges = select.epoll()
if "${wait}" == "edges":
    edges.register(s, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)
print(name(s.connect_ex(address)))
print(len(waits["${wait}"]()), error(), name(s.connect_ex(address)), name(s.connect_ex(address)))
s.setblocking(True)
s.sendall(b"ping\\n")
s.shutdown(socket.SHUT_WR)
print(s.getpeername(), s.makefile().read().split())
`,
          dir,
        );
        assertEquals(said, [
          "EINPROGRESS",
          "1 ok ok EISCONN",
          `('127.0.0.1', ${PORT}) ['hello', 'ping']`,
        ]);
        assertEquals(multiplexer.requests, [`CONNECT ${GUEST_PORT}\n`]);
      }),
  });

  Deno.test({
    name: `whoever waits by ${wait} hears of a refusal, and of the end of the time that the setting gives`,
    ignore: !need("python3"),
    fn: async () => {
      const script = `${CONNECT}
s.setblocking(False)
poll, edges = select.poll(), select.epoll()
edges.register(s, select.EPOLLOUT | (select.EPOLLET if "${wait}" == "edges" else 0))
print(name(s.connect_ex(address)))
poll.register(s, select.POLLOUT)
if "${wait}" == "poll":
    print(poll.poll(30000)[0][1] & select.POLLERR != 0, error())
elif "${wait}" == "select":
    print(select.select([], [s], [], 30)[1] == [s], error())
else:
    print(edges.poll(30)[0][1] & select.EPOLLERR != 0, error())
`;
      for (
        const [kind, errno, most] of [["refusing", "ECONNREFUSED", "30000"], ["silent", "ETIMEDOUT", "150"]] as const
      ) {
        await withMultiplexer({ kind }, async ({ dir }) => {
          const said = await python(script, dir, { UNSOCK_CONNECT_TIMEOUT_MS: most });
          assertEquals(said, ["EINPROGRESS", `True ${errno}`]);
        });
      }
    },
  });
}

Deno.test({
  name: "epoll_pwait2 tells of the end of the time, too",
  ignore: !need("python3"),
  fn: () =>
    withMultiplexer({ kind: "silent" }, async ({ dir }) => {
      const said = await python(
        `${CONNECT}
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
s.setblocking(False)
edges, event, time = select.epoll(), ctypes.create_string_buffer(16), (ctypes.c_long * 2)(30, 0)
edges.register(s, select.EPOLLOUT)
print(name(s.connect_ex(address)))
print(libc.epoll_pwait2(edges.fileno(), event, 1, time, None), error())
`,
        dir,
        { UNSOCK_CONNECT_TIMEOUT_MS: "150" },
      );
      assertEquals(said, ["EINPROGRESS", "1 ETIMEDOUT"]);
    }),
});

Deno.test({
  name: "a half-close does not take the answer away, and a control file can pass it on",
  ignore: !need("socat"),
  fn: async () => {
    const answer = `printf 'question\n' | socat -t 30 - TCP:127.0.0.1:${PORT}`;
    for (const [value, expected] of [[undefined, "answer\n"], ["hold", "answer\n"], ["pass", ""]] as const) {
      await withMultiplexer("faithful", async ({ dir, guest, path }) => {
        if (value !== undefined) {
          await Deno.remove(`${dir}/${PORT}.sock`);
          const options = ["--fc-sock", path, "--vsock-port", `${GUEST_PORT}`, "--half-close", value];
          const made = await unsock(["make-control", "--dir", dir, "--port", `${PORT}`, ...options]);
          assertStrictEquals(made.code, 0, made.stderr);
        }
        const log = `${dir}/log`;
        const serve = [`UNIX-LISTEN:${guest}/${GUEST_PORT}.sock`, "SYSTEM:read line; sleep 0.1; echo answer"];
        await using _server = start(["socat", ...serve]);
        await until("listening", () => Deno.stat(`${guest}/${GUEST_PORT}.sock`).then(() => true, () => false));
        const client = await run(["sh", "-c", answer], { env: shimEnv(dir, { UNSOCK_LOG: log }) });
        assertStrictEquals(client.stdout, expected, client.stderr);
        assertStrictEquals(Deno.readTextFileSync(log).includes("held back until close"), value !== "pass");
      });
    }
  },
});

Deno.test({
  name: "an event loop goes on while a guest stands still",
  ignore: !need("python3"),
  fn: () =>
    withMultiplexer({ kind: "silent" }, async ({ dir }) => {
      const script = `
import asyncio, sys
async def main():
    ticks = 0
    attempt = asyncio.ensure_future(asyncio.open_connection("127.0.0.1", int(sys.argv[1])))
    while ticks < 5:
        await asyncio.sleep(0.01)
        ticks += 1
    print(attempt.done())
    attempt.cancel()
asyncio.run(main())
`;
      assertEquals(await python(script, dir, { UNSOCK_CONNECT_TIMEOUT_MS: "60000" }), ["False"]);
    }),
});

Deno.test({
  name: "a signal ends a blocking connect, which goes on, and the next one waits for the same connection",
  ignore: !need("python3"),
  fn: () =>
    withMultiplexer({ kind: "silent" }, async ({ dir, multiplexer }) => {
      const script = `
import ctypes, errno, signal, socket, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
signal.signal(signal.SIGUSR1, lambda *_: None)
s = socket.socket()
address = struct.pack("=H2s4s8s", socket.AF_INET, int(sys.argv[1]).to_bytes(2), bytes([127, 0, 0, 1]), bytes(8))
print("ready", flush=True)
libc.connect(s.fileno(), address, len(address))
print(errno.errorcode[ctypes.get_errno()], flush=True)
s.setblocking(False)
print(errno.errorcode[s.connect_ex(("127.0.0.1", int(sys.argv[1])))], flush=True)
while True:
    signal.pause()
`;
      const settings = { UNSOCK_CONNECT_TIMEOUT_MS: "60000" };
      await using client = start(["python3", "-c", script, String(PORT)], { env: shimEnv(dir, settings) });
      await until("the multiplexer is asked", () => multiplexer.requests.length === 1);
      await until("the signal ends it", () => {
        if (client.output().includes("EALREADY")) return true;
        Deno.kill(client.pid, "SIGUSR1");
        return false;
      });
      assertEquals(client.output().trim().split("\n"), ["ready", "EINTR", "EALREADY"]);
      assertStrictEquals(multiplexer.requests.length, 1);
    }),
});
