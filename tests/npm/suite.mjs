/** One worker's tests of the module, which node:test, Deno's and others run: a server on the port that all workers have. */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import process from "node:process";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { CommandError, loopback, UnsockError } from "unsock";

const PORT = 3000;
const dir = process.env.TEST_SOCKETS;

/** Bun 1.4 reports ECONNRESET of any Unix server that sends and closes at once, without unsock too. */
const LOSES = process.versions.bun !== undefined;

const LOADED_MS = 200_000;

/** Answers with the directory that it is in. */
const SERVER = `
import os, socket
server = socket.create_server(("127.0.0.1", ${PORT}))
while True:
    client, _ = server.accept()
    client.sendall(os.environ["UNSOCK_DIR"].encode())
    client.close()
`;

const ASK = `
import socket
for _ in range(20):
    with socket.create_connection(("127.0.0.1", ${PORT})) as client: print(client.recv(200).decode())
`;

/** Answers each datagram with the directory that it is in. */
const ECHO = `
import os, socket
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
while True:
    server.sendto(os.environ["UNSOCK_DIR"].encode(), server.recvfrom(100)[1])
`;

const failsWith = (code, message) => (error) => {
  assert(error instanceof UnsockError);
  assert.equal(error.code, code);
  assert.match(error.message, message);
  return true;
};

test("a server and its clients meet in the loopback, and nobody else's", async () => {
  const lo = await loopback({ dir });
  const server = lo.spawn("python3", ["-c", SERVER], { stdio: "inherit" });
  await lo.wait(PORT, { timeoutMs: LOADED_MS });
  const { stdout } = await lo.exec("python3", ["-c", ASK]);
  assert.equal(stdout, `${lo.directory}\n`.repeat(20));
  assert.equal(lo.path(PORT), `${lo.directory}/3000.sock`);
  assert.equal(lo.path("53/udp"), `${lo.directory}/53.dgram.sock`);
  assert.equal(lo.env.UNSOCK_DIR, lo.directory);
  const socket = connect(await lo.expose(PORT), "127.0.0.1");
  assert.equal(await text(socket), lo.directory);
  if (!LOSES) assert.equal(await text(lo.connect(PORT)), lo.directory);
  lo.spawn("python3", ["-c", ECHO], { stdio: "inherit" });
  await lo.wait("53/udp", { timeoutMs: LOADED_MS });
  const client = createSocket("udp4");
  const answer = once(client, "message", { signal: AbortSignal.timeout(LOADED_MS) });
  client.send("?", await lo.expose("53/udp"), "127.0.0.1");
  assert.equal(String((await answer)[0]), lo.directory);
  client.close();
  await lo.map(5432, lo.path(PORT));
  await lo.wait(5432);
  if (!LOSES) assert.equal(await text(lo.connect(5432)), lo.directory);
  await lo.close();
  await lo.close();
  assert(server.killed);
  assert(!existsSync(lo.directory));
  for (const ask of [() => lo.exec("true"), () => lo.fetch(PORT)]) {
    await assert.rejects(ask, failsWith("UNSOCK_CLOSED", /closed/));
  }
});

test("what cannot be is told by code, with what to do", async () => {
  const lo = await loopback({ dir });
  try {
    await assert.rejects(lo.exec("sh", ["-c", "echo out; echo why >&2; exit 3"]), (error) => {
      assert(error instanceof CommandError);
      const { code, exitCode, signal, stdout, stderr, message } = error;
      assert.deepEqual({ code, exitCode, signal, stdout, stderr }, {
        code: "UNSOCK_COMMAND",
        exitCode: 3,
        signal: null,
        stdout: "out\n",
        stderr: "why\n",
      });
      assert.match(message, /^sh -c .*: exit status 3: why$/);
      return true;
    });
    await assert.rejects(lo.exec("no-such-command"), failsWith("UNSOCK_COMMAND", /exit status 127: .*not found/));
    await assert.rejects(
      lo.wait(9, { timeoutMs: 20 }),
      failsWith("UNSOCK_TIMEOUT", /port 9: after 20 ms nobody listens/),
    );
    await assert.rejects(lo.wait("9/udp", { timeoutMs: 20 }), failsWith("UNSOCK_TIMEOUT", /port 9\/udp: /));
    assert.throws(() => lo.connect("9/udp"), failsWith("UNSOCK_PORT", /only a TCP port has connections/));
    await assert.rejects(
      lo.fetch(9),
      failsWith("UNSOCK_REFUSED", /port 9: nobody listens in .*: await lo\.wait\(9\) first/),
    );
    for (const port of [0, 65_536, "80/sctp", "x"]) {
      assert.throws(() => lo.path(port), failsWith("UNSOCK_PORT", /not a number from 1 to 65535/));
    }
    await lo.map(80, "/nobody/there");
    await assert.rejects(lo.map(80, "/other"), failsWith("UNSOCK_MAP", /80\.sock: exists already, and leads to /));
    const running = lo.spawn("sleep", ["1000"]);
    await assert.rejects(lo.map(81, `/${"x".repeat(9000)}`), failsWith("UNSOCK_MAP", /longer than 8192 bytes/));
    await assert.rejects(lo.map(81, "/a\0unused"), failsWith("UNSOCK_MAP", /a NUL/));
    await assert.rejects(lo.map(81, ""), failsWith("UNSOCK_MAP", /no path/));
    assert.equal(running.exitCode ?? running.signalCode, null);
    await assert.rejects(
      lo.expose(80, { address: "192.0.2.1" }),
      failsWith("UNSOCK_EXPOSE", /^expose: 192\.0\.2\.1:0: /),
    );
    await assert.rejects(lo.wait(80, { timeoutMs: 20 }), failsWith("UNSOCK_TIMEOUT", /nobody listens/));
    const aborted = lo.wait(9, { signal: AbortSignal.timeout(20) });
    await assert.rejects(aborted, { name: "TimeoutError" });
    assert.throws(() => lo.spawn("true", [], { shell: true }), failsWith("UNSOCK_SHELL", /write spawn\("sh"/));
    assert.equal((await lo.exec("cat", [], { input: "in" })).stdout, "in");
    await assert.rejects(lo.exec("sleep", ["1000"], { timeoutMs: 20 }), { name: "AbortError" });
  } finally {
    await lo.close();
  }
  await assert.rejects(loopback({ dir: `${dir}/none/x` }), failsWith("UNSOCK_KEEPER", /none does not exist: make it/));
});
