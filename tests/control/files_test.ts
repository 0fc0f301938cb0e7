/** Other files in place of a socket file: malformed control files, directories, FIFOs, devices, links. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { CONTROL_SIZE, controlFile, sockaddrUnix, sockaddrVsock } from "../support/control.ts";
import { dial, MODES, UNCHANGED } from "../support/dial.ts";
import { withDir } from "../support/dir.ts";
import { run, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryEnv, libraryFile } from "../support/library.ts";
import { NOBODY } from "../support/users.ts";
import { until } from "../support/wait.ts";

const programText = programsOf(import.meta);

const PORT = 2000;
const NEXT_PORT = 3000;

/** An operation on a FIFO that blocks would take longer than this. */
const PATIENCE_MS = 10_000;

const SAYS_NEXT = "next\n";

function malformed(change: (bytes: Uint8Array<ArrayBuffer>, view: DataView) => void): Uint8Array {
  const bytes = controlFile({ dest: sockaddrVsock(1, 5678) });
  change(bytes, new DataView(bytes.buffer));
  return bytes;
}

const MALFORMED: [string, Uint8Array][] = [
  ["an empty file", new Uint8Array()],
  [
    "a control file that lacks its last byte",
    controlFile({ dest: sockaddrVsock(1, 5678) }).subarray(0, CONTROL_SIZE - 1),
  ],
  ["a control file with one byte more", new Uint8Array([...controlFile({ dest: sockaddrVsock(1, 5678) }), 0])],
  ["a control file with another magic", malformed((bytes) => bytes[0] = 0x56)],
  ["a control file with an unknown option", malformed((_, view) => view.setUint32(8, 2, true))],
  ["a control file with a destLen of 4096", malformed((_, view) => view.setUint32(20, 4096, true))],
  ["a control file with a destLen of 0", malformed((_, view) => view.setUint32(20, 0, true))],
  ["a control file with a proxyLen of 129", malformed((_, view) => view.setUint32(16, 129, true))],
  ["a control file with a family of nobody's", malformed((_, view) => view.setUint16(160, 99, true))],
  ["a control file whose family has another length", malformed((_, view) => view.setUint32(20, 28, true))],
  ["a Firecracker file without a proxy", malformed((_, view) => view.setUint32(8, 1, true))],
  ["a text file", new TextEncoder().encode("#!/bin/sh\n")],
  ["a big file", new Uint8Array(1_000_000)],
];

/** Puts something at the path that is neither a socket nor a regular file. */
const SPECIAL: [string, (path: string) => Promise<void>][] = [
  ["a directory", (path) => Deno.mkdir(path)],
  ["a FIFO", makeFifo],
  ["a device", (path) => Deno.symlink("/dev/null", path)],
  ["an endless device", (path) => Deno.symlink("/dev/zero", path)],
  // One that everybody may write to: connect(2) checks that before it sees what it is.
  ["a link to a directory", (path) => Deno.symlink("/tmp", path)],
  ["a link to itself", (path) => Deno.symlink(path, path)],
];

async function makeFifo(path: string): Promise<void> {
  const { code, stderr } = await run(["mkfifo", path]);
  assertStrictEquals(code, 0, stderr);
}

/** Serves one connection after another at the path, with a greeting. */
function greeter(path: string, greeting: string): Disposable {
  const listener = Deno.listen({ transport: "unix", path });
  (async () => {
    for await (const connection of listener) {
      // A client may have gone.
      await connection.write(new TextEncoder().encode(greeting)).catch(() => {});
      await connection.readable.pipeTo(connection.writable).catch(() => {});
    }
  })();
  return { [Symbol.dispose]: () => listener.close() };
}

async function assertRefused(dir: string, errno: string): Promise<void> {
  using _next = greeter(`${dir}/${NEXT_PORT}.sock`, SAYS_NEXT);
  for (const mode of MODES) {
    const facts = await dial(mode, dir, { ports: [PORT, NEXT_PORT] });
    assertStrictEquals(facts.get("connect"), errno, mode);
    assertStrictEquals(facts.get("next connect"), "ok");
    assertStrictEquals(facts.get("received"), "next|ping|");
    for (const name of UNCHANGED) assertStrictEquals(facts.get(name), "yes", name);
  }
}

/** Runs a program under the library that prints the name of the errno with which a call of the port fails. */
async function errnoOf(dir: string, call: "tcp.bind" | "udp.bind" | "udp.sendto"): Promise<string> {
  const program = programText("errno_of");
  const { stdout, stderr } = await run(["python3", "-c", program, call, `${PORT}`], {
    env: libraryEnv(dir),
    timeoutMs: PATIENCE_MS,
  });
  return stdout.trim() || stderr;
}

for (const [what, bytes] of MALFORMED) {
  Deno.test({
    name: `${what} is an invalid argument to connect and bind, and stays as it is`,
    ignore: !need("cc", "python3"),
    fn: () =>
      withDir(async (dir) => {
        for (const name of [`${PORT}.sock`, `${PORT}.dgram.sock`]) await Deno.writeFile(`${dir}/${name}`, bytes);
        await assertRefused(dir, "EINVAL");
        assertStrictEquals(await errnoOf(dir, "tcp.bind"), "EINVAL");
        assertStrictEquals(await errnoOf(dir, "udp.bind"), "EINVAL");
        assertStrictEquals(await errnoOf(dir, "udp.sendto"), "EINVAL");
        assertEquals(await Deno.readFile(`${dir}/${PORT}.sock`), new Uint8Array(bytes));
        assertEquals(await Deno.readFile(`${dir}/${PORT}.dgram.sock`), new Uint8Array(bytes));
      }),
  });
}

for (const [what, make] of SPECIAL) {
  Deno.test({
    name: `${what} in the place of a socket file refuses connections, is never bound over, and blocks nobody`,
    ignore: !need("cc", "python3"),
    fn: () =>
      withDir(async (dir) => {
        for (const name of [`${PORT}.sock`, `${PORT}.dgram.sock`]) await make(`${dir}/${name}`);
        const before = await Deno.lstat(`${dir}/${PORT}.sock`);
        await assertRefused(dir, "ECONNREFUSED");
        assertStrictEquals(await errnoOf(dir, "tcp.bind"), "EADDRINUSE");
        assertStrictEquals(await errnoOf(dir, "udp.bind"), "EADDRINUSE");
        assertStrictEquals(await errnoOf(dir, "udp.sendto"), "ok", "as UDP to nobody");
        assertStrictEquals((await Deno.lstat(`${dir}/${PORT}.sock`)).ino, before.ino);
      }),
  });
}

Deno.test({
  name: "a link to a control file is followed, and a link to nothing refuses connections",
  ignore: !need("cc"),
  fn: () =>
    withDir(async (dir) => {
      using _server = greeter(`${dir}/server`, "linked\n");
      await Deno.writeFile(`${dir}/elsewhere`, controlFile({ dest: sockaddrUnix(`${dir}/server`) }));
      await Deno.symlink("elsewhere", `${dir}/${PORT}.sock`);
      assertStrictEquals((await dial("blocking", dir, { ports: [PORT] })).get("received"), "linked|ping|");
      await Deno.remove(`${dir}/elsewhere`);
      assertStrictEquals((await dial("blocking", dir, { ports: [PORT] })).get("connect"), "ECONNREFUSED");
    }),
});

Deno.test({
  name: "a control file that may not be read is a denied permission",
  ignore: !need("setpriv", "cc") || Deno.uid() !== 0,
  fn: () =>
    withDir(async (dir) => {
      await Deno.chmod(dir, 0o755);
      await Deno.writeFile(`${dir}/${PORT}.sock`, controlFile({ dest: sockaddrVsock(1, 5678) }), { mode: 0o600 });
      const drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
      const probe = `import socket; socket.socket().connect(("127.0.0.1", ${PORT}))`;
      // The source tree may be where that user cannot go.
      await Deno.copyFile(libraryFile(), `${dir}/libunsock.so`);
      const preload = `LD_PRELOAD=${dir}/libunsock.so`;
      const { stderr } = await run([...drop, "env", ...environment(dir), preload, "python3", "-c", probe]);
      assertMatch(stderr, /PermissionError: \[Errno 13\]/);
    }),
});

Deno.test({
  name: "users who may read a control file of root's, but not write it, are forwarded by it",
  ignore: !need("python3") || Deno.uid() !== 0,
  fn: () =>
    withDir(async (base) => {
      const dir = `${base}/s`;
      await Deno.mkdir(dir);
      await Deno.chmod(base, 0o755);
      await Deno.chmod(dir, 0o1777);
      const leads = [[`${PORT}.sock`, "server"], [`${PORT}.dgram.sock`, "datagrams"]] as const;
      for (const [name, server] of leads) {
        const control = controlFile({ dest: sockaddrUnix(`${base}/${server}`) });
        await Deno.writeFile(`${dir}/${name}`, control, { mode: 0o644 });
      }
      const { stdout, stderr } = await run([
        "python3",
        "-c",
        programText("by_roots_file"),
        base,
        `${PORT}`,
        `${NOBODY}`,
      ], { env: libraryEnv(dir) });
      assertEquals({ stdout, stderr }, { stdout: "0\nb'sent' b'connected'\n", stderr: "" });
    }),
});

function environment(dir: string): string[] {
  return Object.entries(libraryEnv(dir)).map(([name, value]) => `${name}=${value}`);
}

Deno.test({
  name: "if files are swapped while programs connect, each connect succeeds or fails, and none hangs or leaks",
  ignore: !need("python3"),
  fn: () =>
    withDir(async (base) => {
      const dir = `${base}/sockets`;
      await Deno.mkdir(dir);
      using _server = greeter(`${base}/server`, "");
      await Deno.writeFile(`${base}/good`, controlFile({ dest: sockaddrUnix(`${base}/server`) }));
      await Deno.writeFile(`${base}/bad`, new Uint8Array(CONTROL_SIZE));
      const place = `${dir}/${PORT}.sock`;
      await using swapper = start(["python3", "-c", programText("swap"), base, place, "good", "fifo", "bad", "socket"]);
      await until("swapping", () => swapper.output().includes("swapping"));
      const client = ["python3", "-c", programText("connect_often"), String(PORT)];
      const { code, stdout, stderr } = await run(client, { env: libraryEnv(dir), timeoutMs: 30_000 });
      assertStrictEquals(code, 0, stderr);
      assertMatch(stdout, / leaked 0\n$/);
      const outcomes = [...stdout.matchAll(/'(\w+)': (\d+)/g)];
      assert(outcomes.reduce((sum, [, , count]) => sum + Number(count), 0) >= 500);
      for (const [, outcome] of outcomes) assertMatch(outcome ?? "", /^(ok|EINVAL|ECONNREFUSED)$/);
      assertMatch(stdout, /'ok': [1-9]/);
      assertStrictEquals(swapper.output(), "swapping\n");
    }),
});
