/** Control files for datagram sockets: P.dgram.sock leads a UDP client, or a UDP server, to a socket elsewhere. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { controlFile, sockaddrInet, sockaddrUnix } from "../support/control.ts";
import { withDir } from "../support/dir.ts";
import { type Facts, readFacts } from "../support/facts.ts";
import { ipListeners } from "../support/net.ts";
import { ownPort } from "../support/own_port.ts";
import { run, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryEnv } from "../support/library.ts";
import { until } from "../support/wait.ts";

const programText = programsOf(import.meta);

const ignore = !need("python3");
const PORT = 2000;

/** The facts that a client prints about the echo server at the port. */
function seen(port: number): Facts {
  return {
    "answer and sender": ["echo one", ["127.0.0.1", port]],
    "second answer and sender": ["echo two", ["127.0.0.1", port]],
    "connected to": ["127.0.0.1", port],
    "length of a large answer": 10_005,
    "answer to sendmsg": "echo three",
  };
}

async function ask(dir: string): Promise<Facts> {
  const { stdout, stderr } = await run(["python3", "-c", programText("ask"), String(PORT)], { env: libraryEnv(dir) });
  assertStrictEquals(stderr, "");
  return readFacts(stdout);
}

Deno.test("the two Python programs of these tests talk over UDP itself: the oracle", { ignore }, async () => {
  await using server = start(["python3", "-c", programText("echo"), "inet", "0"]);
  const port = await until("listening", () => /^listening (\d+)$/m.exec(server.output())?.[1]);
  const { stdout, stderr } = await run(["python3", "-c", programText("ask"), port]);
  assertEquals(readFacts(stdout), seen(Number(port)), stderr);
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

Deno.test("a UDP client reaches an AF_UNIX datagram server outside the directory as over UDP", { ignore }, async () => {
  await withPath(async (_base, dir, path) => {
    await using server = start(["python3", "-c", programText("echo"), path]);
    await until("listening", () => server.output().includes("listening"));
    assertEquals(await ask(dir), seen(PORT), server.output());
    assertEquals([...Deno.readDirSync(dir)].map(({ name }) => name), [`${PORT}.dgram.sock`]);
  });
});

Deno.test(
  "a datagram to a control file's target without a server is accepted, and lost",
  { ignore },
  async () => {
    await withPath(async (_base, dir, path) => {
      const command = ["python3", "-c", programText("nobody_there"), String(PORT), path];
      const { stdout, stderr } = await run(command, { env: libraryEnv(dir) });
      const sent = { "not yet": [5, 5], there: 3, "it hears": "now", stale: [4, 4], gone: [5, 5] };
      assertEquals(readFacts(stdout), sent, stderr);
    });
  },
);

Deno.test("a UDP client reaches another UDP port through a control file as over UDP", { ignore }, async () => {
  await withDir(async (dir) => {
    await using server = start(["python3", "-c", programText("echo"), "inet", "0"]);
    const port = Number(await until("listening", () => /^listening (\d+)$/m.exec(server.output())?.[1]));
    await Deno.writeFile(`${dir}/${PORT}.dgram.sock`, controlFile({ dest: sockaddrInet("127.0.0.1", port) }));
    assertEquals(await ask(dir), seen(PORT), server.output());
  });
});

Deno.test(
  "a UDP server answers at an AF_UNIX path elsewhere, under unsock and to plain senders",
  { ignore },
  async () => {
    await withPath(async (base, dir, path) => {
      await using server = start(["python3", "-c", programText("echo"), "inet", String(PORT)], {
        env: libraryEnv(dir),
      });
      await until("listening", () => server.output().includes(`listening ${PORT}`));
      assert(!ipListeners().some(({ port }) => port === PORT));
      assertEquals(await ask(dir), seen(PORT), server.output());
      assertStrictEquals(await askPlainly(base, path), "b'echo plain'\n", server.output());
      assert((await Deno.lstat(`${dir}/${PORT}.dgram.sock`)).isFile, "the control file stays");
    });
  },
);

/** A sender that speaks AF_UNIX itself. */
async function askPlainly(base: string, path: string): Promise<string> {
  const program = programText("ask_plainly");
  const { stdout, stderr } = await run(["python3", "-c", program, `${base}/sender`, path]);
  return stdout + stderr;
}

Deno.test(
  "a UDP server at an AF_UNIX path connects to one client after the other, and keeps its place until its end",
  { ignore },
  async () => {
    using own = ownPort();
    await withPath(async (base, dir) => {
      const oracle = await run(["python3", "-c", programText("one_at_a_time"), `${own.port}`]);
      assert(oracle.stdout.endsWith("\n0\n"), oracle.stdout + oracle.stderr);
      const { stdout, stderr } = await run(["python3", "-c", programText("one_at_a_time"), String(PORT)], {
        env: libraryEnv(dir),
      });
      const lines = (text: string) => text.split("\n").sort();
      assertEquals(lines(stdout), lines(oracle.stdout), stderr);
      assertEquals([...Deno.readDirSync(base)].map(({ name }) => name), ["sockets"]);
    });
  },
);

Deno.test("a UDP server answers at another UDP port, where the network sees it", { ignore }, async () => {
  await withDir(async (dir) => {
    using own = ownPort();
    const real = own.port;
    await Deno.writeFile(`${dir}/${PORT}.dgram.sock`, controlFile({ dest: sockaddrInet("127.0.0.1", real) }));
    await using server = start(["python3", "-c", programText("echo"), "inet", String(PORT)], { env: libraryEnv(dir) });
    await until("listening", () => server.output().includes(`listening ${PORT}`));
    assert(ipListeners().some(({ port }) => port === real));
    assertEquals(await ask(dir), seen(PORT), server.output());
  });
});
