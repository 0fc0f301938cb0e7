/** Effects of the settings on the sockets of small programs: blocking, fallback, converted addresses, the log. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { buildProbe } from "../support/probe.ts";
import { withDir } from "../support/dir.ts";
import { type Proc, run, start } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { libraryEnv } from "../support/library.ts";
import { until } from "../support/wait.ts";

const options = { ignore: !need("cc") };
type Kind = "stream" | "datagram";

/** Runs one_client or a one_server that fails to bind, and returns its facts by name. */
async function facts(program: string, args: string[], env: Record<string, string>): Promise<Map<string, string>> {
  const result = await run([await buildProbe(program), ...args], { env });
  assertStrictEquals(result.code, 0, result.stderr);
  return parse(result.stdout);
}

function parse(text: string): Map<string, string> {
  const pairs = text.split("\n").filter((line) => line.includes(": ")).map((line) => line.split(": "));
  return new Map(pairs.map(([name = "", value = ""]) => [name, value]));
}

async function serve(dir: string, kind: Kind, at: string, extra: Record<string, string> = {}) {
  const server = start([await buildProbe("one_server"), kind, at, "0"], { env: libraryEnv(dir, extra) });
  const line = await until("one_server has its port", () => /^port: (\d+)$/m.exec(server.output()));
  return { server, port: Number(line[1]) };
}

/** Waits for the server's end and returns what it saw. */
async function seen(server: Proc): Promise<Map<string, string>> {
  assertStrictEquals((await server.status).code, 0, server.output());
  return parse(server.output());
}

Deno.test(
  "UNSOCK_BLOCK_INET=1 refuses traffic that is not covered, and nothing else",
  options,
  () =>
    withDir(async (dir) => {
      const env = libraryEnv(dir, { UNSOCK_ADDR: "127.0.0.1,::1", UNSOCK_BLOCK_INET: "1" });
      for (const address of ["127.0.0.2", "::2"]) {
        assertStrictEquals((await facts("one_client", ["stream", address, "9"], env)).get("connect"), "EACCES");
        assertStrictEquals((await facts("one_server", ["stream", address, "0"], env)).get("bind"), "EACCES");
        const datagram = await facts("one_client", ["datagram", address, "9"], env);
        for (const call of ["sendto", "sendmsg", "connect"]) assertStrictEquals(datagram.get(call), "EACCES", call);
      }
      const { server, port } = await serve(dir, "stream", "127.0.0.1", { UNSOCK_BLOCK_INET: "1" });
      await using _server = server;
      assertStrictEquals((await facts("one_client", ["stream", "127.0.0.1", String(port)], env)).get("read"), "1");
    }),
);

Deno.test(
  "without UNSOCK_BLOCK_INET traffic that is not covered goes to the network",
  options,
  () =>
    withDir(async (dir) => {
      using listener = Deno.listen({ hostname: "127.0.0.2", port: 0 });
      const env = libraryEnv(dir, { UNSOCK_ADDR: "127.0.0.1" });
      const accepted = listener.accept().then((connection) => connection.close());
      const client = await facts("one_client", ["stream", "127.0.0.2", String(listener.addr.port)], env);
      await accepted;
      assertStrictEquals(client.get("connect"), "ok");
      assertEquals([...Deno.readDirSync(dir)], []);
    }),
);

Deno.test("UNSOCK_BLOCK_INET6=1 leaves no IPv6 sockets", options, () =>
  withDir(async (dir) => {
    for (const kind of ["stream", "datagram"]) {
      const client = await facts("one_client", [kind, "::1", "9"], libraryEnv(dir, { UNSOCK_BLOCK_INET6: "1" }));
      assertStrictEquals(client.get("socket"), "EAFNOSUPPORT");
    }
    const client = await facts(
      "one_client",
      ["stream", "127.0.0.1", "9"],
      libraryEnv(dir, { UNSOCK_BLOCK_INET6: "1" }),
    );
    assertStrictEquals(client.get("socket"), "ok");
  }));

Deno.test(
  "UNSOCK_FALLBACK=1 connects to the network where there is no socket file",
  options,
  () =>
    withDir(async (dir) => {
      using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const args = ["stream", "127.0.0.1", String(listener.addr.port)];
      const accepted = listener.accept().then((connection) => {
        connection.close();
        return connection.remoteAddr as Deno.NetAddr;
      });
      const refused = await facts("one_client", args, libraryEnv(dir));
      assertStrictEquals(refused.get("connect"), "ECONNREFUSED");
      const client = await facts("one_client", args, libraryEnv(dir, { UNSOCK_FALLBACK: "1" }));
      assertStrictEquals(client.get("connect"), "ok");
      assertStrictEquals(client.get("own port"), String((await accepted).port));
      const { server, port } = await serve(dir, "stream", "127.0.0.1");
      await using _server = server;
      const env = libraryEnv(dir, { UNSOCK_FALLBACK: "1" });
      assertStrictEquals((await facts("one_client", ["stream", "127.0.0.1", String(port)], env)).get("read"), "1");
    }),
);

Deno.test("UNSOCK_PORT covers these ports and no others", options, () =>
  withDir(async (dir) => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const accepted = listener.accept().then((connection) => connection.close());
    const env = libraryEnv(dir, { UNSOCK_PORT: "1-1023,4711" });
    const client = await facts("one_client", ["stream", "127.0.0.1", String(listener.addr.port)], env);
    await accepted;
    assertStrictEquals(client.get("connect"), "ok");
    assertStrictEquals(
      (await facts("one_client", ["stream", "127.0.0.1", "4711"], env)).get("connect"),
      "ECONNREFUSED",
    );
  }));

const conversions: [title: string, at: string, settings: Record<string, string>, peer: RegExp][] = [
  ["gets the first IPv4 address", "127.0.0.1", {}, /^10\.1\.2\.3 \d+$/],
  ["gets the first IPv6 address", "::1", {}, /^fd00::5 \d+$/],
  ["gets it whatever UNSOCK_ACCEPT_CONVERT says", "127.0.0.1", { UNSOCK_ACCEPT_CONVERT_ALL: "" }, /^10\.1\.2\.3 \d+$/],
];
for (const [title, at, settings, peer] of conversions) {
  Deno.test(
    `a plain Unix client of a redirected server ${title}`,
    options,
    () =>
      withDir(async (dir) => {
        const env = { UNSOCK_ADDR: "10.1.2.3,127.0.0.1,fd00::5,::1", ...settings };
        const { server, port } = await serve(dir, "stream", at, env);
        await using _server = server;
        using client = await Deno.connect({ transport: "unix", path: join(dir, `${port}.sock`) });
        assertStrictEquals(await client.read(new Uint8Array(1)), 1);
        const views = await seen(server);
        assertMatch(views.get("accepted from") ?? "", peer);
        assertStrictEquals(views.get("getpeername"), views.get("accepted from"));
        assertStrictEquals(views.get("getpeername in a child"), views.get("accepted from"));
      }),
  );
}

Deno.test(
  "a redirected client is seen with its own address, whatever UNSOCK_ACCEPT_CONVERT says",
  options,
  () =>
    withDir(async (dir) => {
      const { server, port } = await serve(dir, "stream", "127.0.0.1", { UNSOCK_ACCEPT_CONVERT_ALL: "" });
      await using _server = server;
      const client = await facts("one_client", ["stream", "127.0.0.1", String(port)], libraryEnv(dir));
      const own = `${client.get("own address")} ${client.get("own port")}`;
      assertStrictEquals((await seen(server)).get("accepted from"), own);
    }),
);

Deno.test(
  "a plain Unix sender of datagrams gets an address, and an answer to it arrives",
  options,
  () =>
    withDir(async (dir) => {
      const { server, port } = await serve(dir, "datagram", "127.0.0.1");
      await using _server = server;
      const paths = [join(dir, "plain"), join(dir, `${port}.dgram.sock`)];
      const { stdout } = await run([await buildProbe("plain_unix_sender"), ...paths]);
      const views = await seen(server);
      assertMatch(views.get("received from") ?? "", /^127\.0\.0\.1 \d+$/);
      assertStrictEquals(views.get("answered"), "5");
      assertStrictEquals(parse(stdout).get("answer"), "5");
    }),
);

for (const target of ["a file", "stderr"]) {
  Deno.test(
    `UNSOCK_LOG names each redirected call in ${target}, and is silent unless it is set`,
    options,
    () =>
      withDir(async (dir) => {
        const log = join(dir, "log");
        const env = libraryEnv(dir, { UNSOCK_LOG: target === "stderr" ? "stderr" : log });
        await using client = start([await buildProbe("one_client"), "stream", "127.0.0.1", "4712"], { env });
        const { stderr } = await client.result(60_000);
        const lines = (target === "stderr" ? stderr : Deno.readTextFileSync(log)).split("\n");
        const line = lines.find((line) => line.includes("connect")) ?? "";
        for (const part of [String(client.pid), "127.0.0.1", "4712", join(dir, "4712.sock")]) {
          assert(line.includes(part), `no ${part} in: ${line}`);
        }
        const silent = await run([await buildProbe("one_client"), "stream", "127.0.0.1", "4712"], {
          env: libraryEnv(dir),
        });
        assertStrictEquals(silent.stderr, "");
      }),
  );
}
