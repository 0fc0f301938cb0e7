/** `unsock wait` looks behind a control file: ready is who would be answered. */
import { assert, assertMatch, assertStrictEquals } from "@std/assert";
import { controlFile, firecrackerFile, sockaddrInet, sockaddrUnix } from "../support/control.ts";
import { withDir } from "../support/dir.ts";
import { type Behaviour, Multiplexer } from "../support/multiplexer.ts";
import { run, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";
import { leaveStale } from "../support/stale.ts";
import { assertFails, byLibrary, unsock } from "./unsock.ts";

const programText = programsOf(import.meta);

const LATE = /^unsock: wait: port \S+ in \S+: after 0 s nobody listens/;

async function isReady(dir: string, port = "80"): Promise<boolean> {
  const result = await byLibrary(["wait", "--dir", dir, port, "--timeout", "0"]);
  if (result.code === 0) assertStrictEquals(result.stderr, "");
  else assertFails(result, 1, LATE);
  return result.code === 0;
}

Deno.test("wait: a control file is ready when its Unix socket listens, of a file or a link to it", () =>
  withDir(async (dir) => {
    const target = `${dir}/target`;
    Deno.writeFileSync(`${dir}/80.sock`, controlFile({ dest: sockaddrUnix(target) }));
    assert(!await isReady(dir), "nobody is there");
    await leaveStale(target);
    assert(!await isReady(dir), "who was there was killed");
    Deno.removeSync(target);
    await using waiting = start([libraryFile(), "wait", "--dir", dir, "80"]);
    using _server = Deno.listen({ transport: "unix", path: target });
    assertStrictEquals((await waiting.result(60_000)).code, 0);
    Deno.symlinkSync("target", `${dir}/link`);
    Deno.writeFileSync(`${dir}/81.sock`, controlFile({ dest: sockaddrUnix(`${dir}/link`) }));
    Deno.symlinkSync("target", `${dir}/82.sock`);
    assert(await isReady(dir, "82"), "a link of somebody's to a plain server");
  }));

Deno.test({
  name: "wait: behind a control file a socket that is merely bound is not ready, nor one of the other type",
  ignore: !need("python3"),
  fn: () =>
    withDir(async (dir) => {
      const [stream, datagram] = [`${dir}/stream`, `${dir}/datagram`];
      const name = `unsock-test-${crypto.randomUUID()}`;
      await unsock(["make-control", `${dir}/82.sock`, "--unix", `@${name}`]);
      assert(!await isReady(dir, "82"));
      const files = { "80.sock": stream, "80.dgram.sock": datagram, "81.sock": datagram, "81.dgram.sock": stream };
      for (const [name, path] of Object.entries(files)) {
        Deno.writeFileSync(`${dir}/${name}`, controlFile({ dest: sockaddrUnix(path) }));
      }
      const command = new Deno.Command("python3", {
        args: ["-c", programText("bound"), stream, datagram, name],
        stdin: "piped",
        stdout: "piped",
      });
      await using server = command.spawn();
      const [input, output] = [server.stdin.getWriter(), server.stdout.getReader()];
      const next = async () => {
        let line = "";
        while (!line.endsWith("\n")) line += new TextDecoder().decode((await output.read()).value);
        return line;
      };
      assertStrictEquals(await next(), "ready\n");
      for (const port of ["80", "82"]) assert(!await isReady(dir, port));
      assert(await isReady(dir, "80/udp"));
      assert(!await isReady(dir, "81"), "a datagram socket takes no connection");
      assert(!await isReady(dir, "81/udp"), "a stream socket takes no datagram");
      await input.write(new TextEncoder().encode("\n"));
      assertStrictEquals(await next(), "listens\n");
      for (const port of ["80", "82"]) assert(await isReady(dir, port));
      await input.close();
      await output.cancel();
      await server.status;
    }),
});

/** An address that no other test has: whatever listens on 127.0.0.1 does not answer there. */
function ownLoopback(): string {
  return `127.${Array.from(crypto.getRandomValues(new Uint8Array(3)), (byte) => 1 + byte % 254).join(".")}`;
}

Deno.test("wait: a control file to an IP address is ready when a connection is taken there", () =>
  withDir(async (dir) => {
    const hostname = ownLoopback();
    const listener = Deno.listen({ hostname, port: 0 });
    const dest = sockaddrInet(hostname, listener.addr.port);
    for (const name of ["80.sock", "80.dgram.sock"]) Deno.writeFileSync(`${dir}/${name}`, controlFile({ dest }));
    assert(await isReady(dir));
    listener.close();
    // A child that another test has just forked has the listener, too, until it executes its program.
    assertStrictEquals((await byLibrary(["wait", "--dir", dir, "--gone", "80", "--timeout", "60"])).code, 0);
    assert(!await isReady(dir));
    assert(await isReady(dir, "80/udp"), "of UDP nobody can tell");
  }));

/** The only port that the kernel may choose is the one that is asked, so that a connection's two ends are one socket. */
const ONE_PORT = `ip link set lo up && echo "4444 4444" >/proc/sys/net/ipv4/ip_local_port_range && exec "$@"`;
const alone = ["unshare", Deno.uid() === 0 ? "-n" : "-Urn", "sh", "-c", ONE_PORT, "sh"];

Deno.test({
  name: "wait does not count a connection to itself, and leaves the port free",
  ignore: !need("unshare", "ip", "python3") || (await run([...alone, "true"])).code !== 0,
  fn: () =>
    withDir(async (dir) => {
      Deno.writeFileSync(`${dir}/80.sock`, controlFile({ dest: sockaddrInet("127.0.0.1", 4444) }));
      const listen = "import socket; s = socket.socket(); s.bind(('127.0.0.1', 4444)); s.listen(); print('bound')";
      const both = `"$0" wait --dir "$1" 80 --timeout 0; echo $?; exec python3 -c "$2"`;
      const { stdout, stderr } = await run([...alone, "sh", "-c", both, libraryFile(), dir, listen]);
      assertStrictEquals(stdout, "1\nbound\n", stderr);
    }),
});

const BEHAVIOURS: readonly [Behaviour, boolean][] = [
  [{ kind: "eager", text: "" }, true],
  [{ kind: "refusing" }, false],
  [{ kind: "silent" }, false],
];

Deno.test("wait: behind Firecracker's multiplexer a guest's port is ready when it says OK", () =>
  withDir(async (dir) => {
    Deno.writeFileSync(`${dir}/80.sock`, firecrackerFile(`${dir}/v.sock`, 5678));
    assert(!await isReady(dir), "there is no multiplexer");
    for (const [behaviour, ready] of BEHAVIOURS) {
      {
        await using _multiplexer = new Multiplexer(`${dir}/v.sock`, behaviour);
        const { code } = await byLibrary(["wait", "--dir", dir, "80", "--timeout", ready ? "50" : "300ms"]);
        assertStrictEquals(code === 0, ready, behaviour.kind);
      }
      await Deno.remove(`${dir}/v.sock`).catch(() => {});
    }
  }));

Deno.test("wait: a refusing control file is never ready, and a file that is no control file does not count", () =>
  withDir(async (dir) => {
    Deno.writeFileSync(`${dir}/80.sock`, controlFile({ dest: sockaddrUnix("/dev/null") }));
    Deno.writeTextFileSync(`${dir}/82.sock`, "nonsense");
    assert(!await isReady(dir, "80"));
    assert(!await isReady(dir, "82"));
    assertStrictEquals((await byLibrary(["wait", "--dir", dir, "--gone", "80", "82"])).code, 0);
  }));

Deno.test("wait: the directory may come later, and its place too", () =>
  withDir(async (dir) => {
    const sockets = `${dir}/a/b`;
    await using waiting = start([libraryFile(), "wait", "--dir", sockets, "80"]);
    Deno.mkdirSync(`${dir}/a`);
    Deno.mkdirSync(sockets);
    using _server = Deno.listen({ transport: "unix", path: `${sockets}/80.sock` });
    assertStrictEquals((await waiting.result(60_000)).code, 0);
    const { code, stderr } = await byLibrary(["wait", "--dir", `${sockets}/80.sock`, "80", "--timeout", "0"]);
    assertStrictEquals(code, 1);
    assertMatch(stderr, /^unsock: directory \S+: Not a directory\n$/);
  }));
