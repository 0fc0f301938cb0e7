/** Ordinary programs and Firecracker's guests: through the multiplexer to the guest, and from the guest to the host. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { dirname, join } from "@std/path/posix";
import { controlFile, sockaddrUnix } from "../support/control.ts";
import { withDir } from "../support/dir.ts";
import { GUEST_PORT, PORT, withMultiplexer } from "../support/firecracker.ts";
import { run, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { mayUnshare } from "../support/namespaces.ts";
import { libraryEnv, libraryFile } from "../support/library.ts";
import { statOrUndefined } from "../../lib/system/files.ts";
import { until } from "../support/wait.ts";

const programText = programsOf(import.meta);

async function waitForFile(path: string): Promise<void> {
  await until(path, () => Deno.stat(path).then(() => true, () => false));
}

// --- The multiplexer of these tests ----------------------------------------------------------------------------------

Deno.test("the multiplexer lets a client that speaks its protocol through to the guest", () =>
  withMultiplexer("faithful", async ({ guest, path, multiplexer }) => {
    using server = Deno.listen({ transport: "unix", path: `${guest}/${GUEST_PORT}.sock` });
    const greeted = server.accept().then(async (connection) => {
      await connection.write(new TextEncoder().encode("hello"));
      connection.close();
    });
    assertStrictEquals(await say(path, `CONNECT ${GUEST_PORT}\n`), "OK 1073741824\nhello");
    await greeted;
    assertStrictEquals(await say(path, "CONNECT 1\n"), "", "the guest has no such server");
    assertStrictEquals(
      await say(path, `CONNECT ${"0".repeat(40)}1\n`),
      "",
      "the line has more than 32 bytes",
    );
    assertStrictEquals(await say(path, "GET / HTTP/1.1\r\n"), "");
    assertStrictEquals(multiplexer.requests.length, 4);
  }));

async function say(path: string, line: string): Promise<string> {
  const connection = await Deno.connect({ transport: "unix", path });
  await connection.write(new TextEncoder().encode(line));
  return await new Response(connection.readable).text().catch((error: unknown) => {
    // The end of a connection with unread data in it.
    if (error instanceof Deno.errors.ConnectionReset) return "";
    throw error;
  });
}

// --- Where others have it --------------------------------------------------------------------------------------------

const SANDBOX = "0123456789abcdef".repeat(4);
for (
  const path of [`/run/vc/vm/${SANDBOX}/clh.sock`, `/run/vc/firecracker/${SANDBOX}/root/kata.hvsock`, "/run/v.sock"]
) {
  Deno.test({
    name: `a control file leads to ${path.replace(SANDBOX, "SANDBOX")}`,
    ignore: !need("python3", "unshare") || !await mayUnshare(),
    fn: () =>
      withMultiplexer({ kind: "eager", text: "hello" }, async ({ dir, path: listening }) => {
        const place = join(dir, "..", "run");
        await Deno.mkdir(join(place, dirname(path).slice("/run".length)), { recursive: true });
        // A socket's name may be longer than what bind takes.
        await Deno.rename(listening, join(place, path.slice("/run".length)));
        const steps = [
          `mount --bind ${place} /run`,
          `rm ${dir}/${PORT}.sock`,
          `UNSOCK_FILE=${dir}/${PORT}.sock UNSOCK_FC_SOCK=${path} UNSOCK_VSOCK_PORT=${GUEST_PORT} ${libraryFile()}`,
          `${libraryFile()} run --dir ${dir} -- python3 -c '${programText("talk")}' ${PORT}`,
        ];
        const { stdout, stderr } = await run(["unshare", "-Urm", "sh", "-ec", steps.join("\n")]);
        assertStrictEquals(stdout, "hello\n", stderr);
      }),
  });
}

// --- Real programs ---------------------------------------------------------------------------------------------------

for (const kind of ["faithful", "slow"] as const) {
  Deno.test({
    name: `curl reaches a web server in the guest through a ${kind} multiplexer`,
    ignore: !need("curl", "python3"),
    fn: () =>
      withMultiplexer(kind, async ({ dir, guest, multiplexer }) => {
        await Deno.writeTextFile(`${guest}/page.txt`, "from the guest\n");
        const serve = ["python3", "-m", "http.server", "--bind", "127.0.0.1", "--directory", guest, String(GUEST_PORT)];
        await using _server = start(serve, { env: libraryEnv(guest) });
        await waitForFile(`${guest}/${GUEST_PORT}.sock`);
        const url = `http://127.0.0.1:${PORT}/page.txt`;
        const format = "%{remote_ip} %{remote_port}\n";
        const client = await run(["curl", "-sS", "--max-time", "10", "-w", format, url], { env: libraryEnv(dir) });
        assertStrictEquals(client.code, 0, client.stderr);
        assertStrictEquals(client.stdout, `from the guest\n127.0.0.1 ${PORT}\n`);
        assertEquals(multiplexer.requests, [`CONNECT ${GUEST_PORT}\n`]);
      }),
  });
}

Deno.test({
  name: "curl opens many connections into the guest at once, one after another, and by the control file's own path",
  ignore: !need("curl", "python3"),
  fn: () =>
    withMultiplexer("faithful", async ({ dir, guest, multiplexer }) => {
      await Deno.writeTextFile(`${guest}/page.txt`, "from the guest\n");
      const serve = ["python3", "-m", "http.server", "--bind", "127.0.0.1", "--directory", guest, String(GUEST_PORT)];
      await using _server = start(serve, { env: libraryEnv(guest) });
      await waitForFile(`${guest}/${GUEST_PORT}.sock`);
      const many = `http://127.0.0.1:${PORT}/page.txt?[1-60]`;
      for (const how of [["-Z", "--parallel-immediate"], []]) {
        const client = await run(["curl", "-sS", "--no-progress-meter", ...how, many], { env: libraryEnv(dir) });
        assertStrictEquals(client.stdout, "from the guest\n".repeat(60), client.stderr);
      }
      const path = ["--unix-socket", `${dir}/${PORT}.sock`, "http://x/page.txt"];
      const client = await run(["curl", "-sS", ...path], { env: libraryEnv(dir) });
      assertStrictEquals(client.stdout, "from the guest\n", client.stderr);
      assertStrictEquals(multiplexer.requests.length, 121);
    }),
});

Deno.test({
  name: "redis-cli reaches a redis-server in the guest",
  ignore: !need("redis-cli", "redis-server"),
  fn: () =>
    withMultiplexer("faithful", async ({ dir, guest }) => {
      const serve = ["redis-server", "--port", String(GUEST_PORT), "--bind", "127.0.0.1", "--save", ""];
      await using _server = start(serve, { env: libraryEnv(guest), cwd: guest });
      await waitForFile(`${guest}/${GUEST_PORT}.sock`);
      const cli = ["redis-cli", "-h", "127.0.0.1", "-p", String(PORT)];
      const stdin = "SET where guest\nGET where\nPING\n";
      const client = await run(cli, { env: libraryEnv(dir), stdin });
      assertEquals(client.stdout.split("\n"), ["OK", "guest", "PONG", ""], client.stderr);
    }),
});

Deno.test({
  name: "iperf measures its way into the guest",
  ignore: !need("iperf"),
  fn: () =>
    withMultiplexer("faithful", async ({ dir, guest }) => {
      const serve = ["iperf", "-s", "-B", "127.0.0.1", "-p", String(GUEST_PORT)];
      await using _server = start(serve, { env: libraryEnv(guest) });
      await waitForFile(`${guest}/${GUEST_PORT}.sock`);
      const client = await run(["iperf", "-c", "127.0.0.1", "-p", String(PORT), "-n", "4M"], { env: libraryEnv(dir) });
      assertStrictEquals(client.code, 0, client.stderr);
      assertMatch(client.stdout, /4\.00 MBytes/);
    }),
});

// --- The host's side -------------------------------------------------------------------------------------------------

Deno.test({
  name: "a server of the host listens where the hypervisor delivers the guest's connections",
  ignore: !need("curl", "python3"),
  fn: () =>
    withDir(async (base) => {
      const [dir, delivered] = [`${base}/host`, `${base}/v.sock_${GUEST_PORT}`];
      await Deno.mkdir(dir);
      await Deno.writeFile(`${dir}/${PORT}.sock`, controlFile({ dest: sockaddrUnix(delivered) }));
      await Deno.writeTextFile(`${base}/page.txt`, "from the host\n");
      const serve = ["python3", "-m", "http.server", "--bind", "127.0.0.1", "--directory", base, String(PORT)];
      await using _server = start(serve, { env: libraryEnv(dir, { UNSOCK_MODE: "660" }) });
      // The file has fewer rights for a moment, never more.
      await until("the hypervisor's group may connect", () =>
        ((statOrUndefined(delivered)?.mode ?? 0) & 0o777) === 0o660);
      const client = await run(["curl", "-sS", "--unix-socket", delivered, "http://host/page.txt"]);
      assertStrictEquals(client.stdout, "from the host\n", client.stderr);
      assert((await Deno.lstat(`${dir}/${PORT}.sock`)).isFile, "the control file stays");
    }),
});

Deno.test({
  name: "no server can be bound through a Firecracker control file that connects",
  ignore: !need("python3"),
  fn: () =>
    withMultiplexer({ kind: "silent" }, async ({ dir }) => {
      const bind = `import socket; socket.socket().bind(("127.0.0.1", ${PORT}))`;
      const { code, stderr } = await run(["python3", "-c", bind], { env: libraryEnv(dir) });
      assertStrictEquals(code, 1);
      assertMatch(stderr, /\[Errno 22\] Invalid argument/);
    }),
});
