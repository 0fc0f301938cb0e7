/** Control files that lead to Unix and IP sockets elsewhere, for IP programs and for programs that speak AF_UNIX. */
import { assert, assertEquals, assertStrictEquals, fail } from "@std/assert";
import { controlFile, sockaddrInet, sockaddrInet6Loopback, sockaddrUnix, type Sockopt } from "../support/control.ts";
import { dial, MODES, UNCHANGED } from "../support/dial.ts";
import { withDir } from "../support/dir.ts";
import { readFacts } from "../support/facts.ts";
import { ipListeners } from "../support/net.ts";
import { nginxWith } from "../support/nginx.ts";
import { ownPort } from "../support/own_port.ts";
import { run, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryEnv } from "../support/library.ts";
import { until } from "../support/wait.ts";

const programText = programsOf(import.meta);

const PORT = 2000;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_KEEPALIVE = 9;
const SO_PRIORITY = 12;
const SO_RCVTIMEO = 20;

/** A target greets with its kind and echoes. It knows nothing of unsock. */
interface Target extends Disposable {
  dest: Uint8Array;
}

const TARGETS: Record<string, (base: string) => Target> = {
  AF_UNIX: (base) => {
    const path = `${base}/server`;
    return { dest: sockaddrUnix(path), ...greet(Deno.listen({ transport: "unix", path })) };
  },
  "an abstract AF_UNIX name": () => {
    const name = `\0unsock-test-${crypto.randomUUID()}`;
    return {
      dest: sockaddrUnix(name).slice(0, 2 + name.length),
      ...greet(Deno.listen({ transport: "unix", path: name })),
    };
  },
  AF_INET: () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    return { dest: sockaddrInet("127.0.0.1", listener.addr.port), ...greet(listener) };
  },
  AF_INET6: () => {
    const listener = Deno.listen({ hostname: "::1", port: 0 });
    return { dest: sockaddrInet6Loopback(listener.addr.port), ...greet(listener) };
  },
};

function greet(listener: Deno.Listener): Disposable {
  (async () => {
    for await (const connection of listener) {
      await connection.write(new TextEncoder().encode("elsewhere\n"));
      await connection.readable.pipeTo(connection.writable).catch(() => {});
    }
  })();
  return { [Symbol.dispose]: () => listener.close() };
}

/** Runs `fn` with a directory whose PORT.sock leads to the target. */
async function withTarget(
  name: string,
  fn: (dir: string, control: string) => Promise<void>,
  sockopts: Sockopt[] = [],
): Promise<void> {
  await withDir(async (base) => {
    const make = TARGETS[name];
    assert(make);
    using target = make(base);
    const dir = `${base}/sockets`;
    await Deno.mkdir(dir);
    const control = `${dir}/${PORT}.sock`;
    await Deno.writeFile(control, controlFile({ dest: target.dest, sockopts }));
    await fn(dir, control);
  });
}

async function waitForFile(path: string): Promise<void> {
  await until(path, () => Deno.stat(path).then(() => true, () => false));
}

// --- Connecting ------------------------------------------------------------------------------------------------------

for (const target of Object.keys(TARGETS)) {
  for (const mode of MODES) {
    for (const address of ["127.0.0.1", "::1"]) {
      Deno.test({
        name: `${mode}: an IP client at ${address} connects to ${target} elsewhere, and notices nothing`,
        ignore: !need("cc"),
        fn: () =>
          withTarget(target, async (dir) => {
            const facts = await dial(mode, dir, { ports: [PORT], address });
            assertStrictEquals(facts.get("connect"), "ok");
            assertStrictEquals(facts.get("received"), "elsewhere|ping|");
            assertStrictEquals(facts.get("peer"), `${address} port ${PORT}`);
            for (const name of UNCHANGED) assertStrictEquals(facts.get(name), "yes", name);
          }),
      });
    }
  }

  Deno.test({
    name: `an AF_UNIX client connects to ${target} elsewhere by the control file's path`,
    ignore: !need("socat"),
    fn: () =>
      withTarget(target, async (dir, control) => {
        for (const path of [control, `${dir}/../outside`]) {
          if (path !== control) await Deno.copyFile(control, path);
          const client = await run(["socat", "-t", "30", "-", `UNIX-CONNECT:${path}`], {
            env: libraryEnv(dir),
            stdin: "ping\n",
          });
          assertStrictEquals(client.stdout, "elsewhere\nping\n", client.stderr);
        }
      }),
  });
}

for (
  const [what, dest, errno] of [
    ["an AF_UNIX socket that is not there", sockaddrUnix("/nonexistent/socket"), "ECONNREFUSED"],
    ["a TCP port that nobody listens at", sockaddrInet("127.0.0.1", 1), "ECONNREFUSED"],
  ] as const
) {
  Deno.test({
    name: `a connect through a control file to ${what} is refused`,
    ignore: !need("cc"),
    fn: () =>
      withDir(async (dir) => {
        await Deno.writeFile(`${dir}/${PORT}.sock`, controlFile({ dest }));
        for (const mode of MODES) assertStrictEquals((await dial(mode, dir, { ports: [PORT] })).get("connect"), errno);
      }),
  });
}

// --- Binding ---------------------------------------------------------------------------------------------------------

const WEB_SERVER = ["python3", "-m", "http.server", "--bind", "127.0.0.1", "--directory"];

Deno.test({
  name: "an IP server binds to an AF_UNIX path elsewhere, again after a crash, and leaves its control file alone",
  ignore: !need("python3", "curl"),
  fn: () =>
    withDir(async (base) => {
      const [dir, path] = [`${base}/sockets`, `${base}/server`];
      await Deno.mkdir(dir);
      await Deno.writeTextFile(`${base}/page.txt`, "served\n");
      const control = controlFile({ dest: sockaddrUnix(path) });
      await Deno.writeFile(`${dir}/${PORT}.sock`, control);
      for (let round = 0; round < 2; round++) {
        await using server = start([...WEB_SERVER, base, String(PORT)], { env: libraryEnv(dir) });
        await until("the server answers", async () => {
          const { stdout } = await run(["curl", "-s", "--unix-socket", path, "http://x/page.txt"]);
          return stdout === "served\n";
        });
        Deno.kill(server.pid, "SIGKILL");
        await server.status;
      }
      assertEquals(await Deno.readFile(`${dir}/${PORT}.sock`), control);
    }),
});

Deno.test({
  name: "an IP server binds to another IP address and port, where the network sees it",
  ignore: !need("python3", "curl"),
  fn: () =>
    withDir(async (base) => {
      using own = ownPort();
      const [dir, real] = [`${base}/sockets`, own.port];
      await Deno.mkdir(dir);
      await Deno.writeTextFile(`${base}/page.txt`, "served\n");
      await Deno.writeFile(`${dir}/${PORT}.sock`, controlFile({ dest: sockaddrInet("127.0.0.1", real) }));
      await using _server = start([...WEB_SERVER, base, String(PORT)], { env: libraryEnv(dir) });
      await until("the server listens", () => ipListeners().some(({ port }) => port === real));
      assert(!ipListeners().some(({ port }) => port === PORT));
      const direct = await run(["curl", "-sS", `http://127.0.0.1:${real}/page.txt`]);
      assertStrictEquals(direct.stdout, "served\n", direct.stderr);
      const through = await run(["curl", "-sS", `http://localhost:${PORT}/page.txt`], { env: libraryEnv(dir) });
      assertStrictEquals(through.stdout, "served\n", through.stderr);
    }),
});

Deno.test({
  name: "a server that binds the port of a control file listens at its AF_UNIX target",
  ignore: !need("python3", "socat"),
  fn: () =>
    withDir(async (base) => {
      const [control, path] = [`${base}/control`, `${base}/server`];
      await Deno.writeFile(control, controlFile({ dest: sockaddrUnix(path) }));
      const program = programText("bind_control_file");
      await using server = start(["python3", "-c", program, control], { env: libraryEnv(base) });
      await waitForFile(path).catch((error) => fail(`${error}: ${server.output()}`));
      const client = await run(["socat", "-t", "30", "-", `UNIX-CONNECT:${path},retry=20,interval=0.1`]);
      assertStrictEquals(client.stdout, "bound elsewhere\n", client.stderr);
      assert((await Deno.lstat(control)).isFile);
    }),
});

// --- Programs that speak AF_UNIX themselves --------------------------------------------------------------------------

Deno.test({
  name: "curl --unix-socket reaches a web server on the network through a control file",
  ignore: !need("curl"),
  fn: () =>
    withDir(async (dir) => {
      await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response("far\n"));
      await Deno.writeFile(`${dir}/web`, controlFile({ dest: sockaddrInet("127.0.0.1", server.addr.port) }));
      const client = await run(["curl", "-sS", "--unix-socket", `${dir}/web`, "http://x/"], { env: libraryEnv(dir) });
      assertStrictEquals(client.stdout, "far\n", client.stderr);
    }),
});

Deno.test({
  name: "nginx passes requests on through a control file that its configuration calls a Unix socket",
  ignore: !need("nginx", "curl"),
  fn: () =>
    withDir(async (dir) => {
      await using server = Deno.serve(
        { hostname: "127.0.0.1", port: 0, onListen() {} },
        () => new Response("behind\n"),
      );
      await Deno.writeFile(`${dir}/backend`, controlFile({ dest: sockaddrInet("127.0.0.1", server.addr.port) }));
      const command = await nginxWith(dir, 8080, `proxy_pass http://unix:${dir}/backend;`);
      await using nginx = start(command, { env: libraryEnv(dir) });
      await waitForFile(`${dir}/8080.sock`).catch((error) => fail(`${error}: ${nginx.output()}`));
      const request = ["curl", "-sS", "--max-time", "10", "--unix-socket", `${dir}/8080.sock`, "http://x/"];
      const client = await run(request);
      assertStrictEquals(client.stdout, "behind\n", client.stderr + nginx.output());
    }),
});

// --- Socket options --------------------------------------------------------------------------------------------------

const OPTIONS: Sockopt[] = [
  { group: SOL_SOCKET, key: SO_RCVBUF, value: 65536 },
  { group: SOL_SOCKET, key: SO_PRIORITY, value: 3 },
  { group: SOL_SOCKET, key: SO_RCVTIMEO, value: new Uint8Array(new BigInt64Array([0n, 50_000n]).buffer) },
  { group: SOL_SOCKET, key: SO_KEEPALIVE, value: 1 },
];

for (const target of ["AF_UNIX", "AF_INET"]) {
  Deno.test({
    name: `a control file's four socket options are set on the way to ${target}`,
    ignore: !need("python3"),
    fn: () =>
      withTarget(target, async (dir) => {
        const { stdout, stderr } = await run(["python3", "-c", programText("read_options"), String(PORT)], {
          env: libraryEnv(dir),
        });
        assertEquals(
          readFacts(stdout),
          {
            SO_RCVBUF: 131_072,
            SO_PRIORITY: 3,
            SO_KEEPALIVE: 1,
            greeting: "elsewhere\n",
            then: "EAGAIN",
            "after SO_RCVTIMEO": true,
          },
          stderr,
        );
      }, OPTIONS),
  });
}
