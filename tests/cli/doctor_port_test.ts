/** `unsock doctor PORT`: one verdict and a status tell whether a client of this user, in this shell, is answered. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import * as path from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { ownPort } from "../support/own_port.ts";
import { run, start } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";
import { unsock, unsockCommand } from "./unsock.ts";
import { verdict } from "./verdict.ts";

const SERVER = ["python3", "-m", "http.server", "--bind"];
const ignore = !need("python3", "curl");

async function isAnswered(address: string, port: number, env: Record<string, string>): Promise<boolean> {
  const { code } = await unsock(["run", "--", "curl", "-s", "--max-time", "20", `http://${address}:${port}/`], { env });
  return code === 0;
}

/** Runs `fn` while a server of unsock's serves an address and port. */
async function withServer(address: string, port: number, env: Record<string, string>, fn: () => Promise<void>) {
  await using _server = start([...unsockCommand(), "run", "--", ...SERVER, address, `${port}`], { env });
  const waited = await unsock(["wait", `${port}@${address}`, "--timeout", "60"], { env });
  assertStrictEquals(waited.code, 0, waited.stderr);
  await fn();
}

Deno.test({
  name: "doctor PORT reports the process that answers a client; at another address, the address that it serves",
  ignore,
  fn: () =>
    withDir(async (dir) => {
      const env = { UNSOCK_DIR: dir };
      using own = ownPort();
      const { port } = own;
      await withServer("127.0.0.5", port, env, async () => {
        assertMatch(
          await verdict(port, env, "@127.0.0.5"),
          /^ok +=> a client of 127\.0\.0\.5:PORT is answered by python3\b[^[]*\[\d+\] -> a client needs unsock, too: /,
        );
        assertMatch(
          await verdict(port, env),
          /^FAIL => python3\b[^[]*\[\d+\] serves 127\.0\.0\.5:PORT, not 127\.0\.0\.1: .*0\.0\.0\.0$/,
        );
        assertEquals([await isAnswered("127.0.0.5", port, env), await isAnswered("127.0.0.1", port, env)], [
          true,
          false,
        ]);
        assertMatch(
          await verdict(port, { ...env, UNSOCK_PORT: "80" }),
          /^FAIL => port PORT is not covered .*UNSOCK_PORT=80,PORT/,
        );
        assertMatch(
          await verdict(port, env, "@10.1.2.3"),
          /^FAIL => .* 10\.1\.2\.3 is not covered .*-> run --addr .*,10\.1\.2\.3$/,
        );
        assertMatch(
          await verdict(port, { ...env, UNSOCK_ADDR: "bogus" }),
          /^FAIL => settings: UNSOCK_ADDR: .*"bogus"/,
        );
        assertMatch(
          await verdict(port, { ...env, UNSOCK_OFF: "1" }),
          /^FAIL => UNSOCK_OFF=1: .*-> unset UNSOCK_OFF$/,
        );
      });
    }),
});

Deno.test({
  name: "doctor PORT reports a damaged control file, one whose target has no server, and a port without a server",
  ignore,
  fn: () =>
    withDir(async (dir) => {
      const env = { UNSOCK_DIR: dir };
      using damaged = ownPort();
      using forwarding = ownPort();
      assertMatch(
        await verdict(damaged.port, env),
        /^FAIL => nobody serves PORT in \S+: ECONNREFUSED -> start a server: unsock run --dir /,
      );
      Deno.writeTextFileSync(path.join(dir, `${damaged.port}.sock`), "garbage");
      assertMatch(
        await verdict(damaged.port, env),
        /^FAIL => \S+PORT\.sock is no control file .*EINVAL -> remove it: rm \S+PORT\.sock$/,
      );
      await unsock(["make-control", "--port", `${forwarding.port}`, "--unix", `${dir}/b.sock`], { env });
      assertMatch(
        await verdict(forwarding.port, env),
        /^FAIL => \S+PORT\.sock forwards to Unix socket \S+b\.sock, where nobody listens/,
      );
      using _listener = Deno.listen({ transport: "unix", path: `${dir}/b.sock` });
      assertMatch(
        await verdict(forwarding.port, env),
        /^ok +=> a client of 127\.0\.0\.1:PORT is answered, by the control file /,
      );
    }),
});

Deno.test({
  name: "doctor PORT reports a killed server's file, a server in another directory, and one on the real network",
  ignore,
  fn: () =>
    withDir(async (dir) => {
      const env = { UNSOCK_DIR: dir };
      using stale = ownPort();
      const listen = `Deno.listen({ transport: "unix", path: "${dir}/${stale.port}.sock" })`;
      await using killed = start([Deno.execPath(), "eval", `${listen}; Deno.kill(Deno.pid, "SIGKILL")`]);
      await killed.status;
      assertMatch(
        await verdict(stale.port, env),
        /^FAIL => the server of PORT was killed and left \S+PORT\.sock.*unsock prune$/,
      );
      Deno.mkdirSync(`${dir}/other`);
      using own = ownPort();
      const elsewhere = Deno.listen({ transport: "unix", path: `${dir}/other/${own.port}.sock` });
      assertMatch(
        await verdict(own.port, env),
        /^FAIL => nobody serves PORT in \S+, but in \S+other: .*-> use --dir \S+other$/,
      );
      elsewhere.close();
      using _real = Deno.listen({ hostname: "127.0.0.1", port: own.port });
      assertMatch(await verdict(own.port, env), /^FAIL => .* listens on the real network, not under unsock/);
      assertMatch(
        await verdict(80, { UNSOCK_DIR: "/etc/passwd" }),
        /^FAIL => directory \/etc\/passwd: not a directory/,
      );
    }),
});

Deno.test({
  name: "doctor and run report that no socket can be made in the directory, before run starts anything",
  ignore: Deno.uid() !== 0 || !need("unshare", "mount"),
  fn: () =>
    withDir(async (dir) => {
      using own = ownPort();
      // ramfs is none of the usual ones; a full tmpfs and a read-only one are.
      const doctor = [...unsockCommand(), "doctor", "--dir"].join(" ");
      const script = `mkdir ${dir}/full ${dir}/ro ${dir}/ram
        mount -t tmpfs -o nr_inodes=1,mode=700 none ${dir}/full && mount -t tmpfs -o ro,mode=700 none ${dir}/ro || exit 9
        mount -t ramfs -o mode=700 none ${dir}/ram || exit 9
        ${doctor} ${dir}/full; ${doctor} ${dir}/ro ${own.port}; ${doctor} ${dir}/ram
        ${libraryFile()} run --dir ${dir}/ram -- ls -A ${dir}/ram && echo started`;
      const { stdout, stderr } = await run(["unshare", "--mount", "sh", "-c", script], { timeoutMs: 120_000 });
      assertMatch(stdout, /^FAIL directory \S+\/full: no socket can be made there: No space left on device: /m, stderr);
      assertMatch(
        stdout,
        /^FAIL directory \S+\/ro: no socket can be made there: Read-only file system: .*\n {5}-> servers need another/m,
      );
      assertMatch(
        stdout,
        /^FAIL => nobody serves \d+, and no server can here: directory \S+\/ro: no socket .* Read-only file system: .*\n {5}-> a client needs the same/m,
      );
      assertMatch(stdout, /^ok {3}directory \S+\/ram: yours/m);
      assertMatch(stdout, /\nstarted\n$/);
      const none = await unsock(["run", "--dir", "/proc/self/task", "--", "touch", `${dir}/ran`]);
      assertStrictEquals(none.code, 125);
      assertMatch(none.stderr, /^unsock: directory \S+: no socket can be made there: [^\n]+--dir\n$/);
      assert(!await Deno.lstat(`${dir}/ran`).then(() => true, () => false));
    }),
});
