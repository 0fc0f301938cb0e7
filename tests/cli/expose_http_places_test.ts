/** `unsock expose --http`: where it looks for loopbacks, ports that control files lead elsewhere, and who serves it. */
import { assert, assertMatch, assertNotMatch, assertStrictEquals } from "@std/assert";
import { firecrackerFile } from "../support/control.ts";
import { copyProgram, withDir, writeProgram } from "../support/dir.ts";
import { guestIn, Multiplexer } from "../support/multiplexer.ts";
import { run, start } from "../support/process.ts";
import { libraryFile } from "../support/library.ts";
import { asNobody, whyNoOtherUser } from "../support/users.ts";
import { until } from "../support/wait.ts";
import { requestText, testFront } from "./http_rig.ts";
import { assertFails, byLibrary, isCompiled, unsock } from "./unsock.ts";

const OTHER_USER = 4242;

testFront(
  "expose --http follows control files: to another socket, and behind Firecracker's multiplexer",
  async (rig) => {
    await rig.serve(["--dir", `${rig.dir}/behind`], "A", 3000);
    Deno.mkdirSync(`${rig.dir}/guest`);
    const base = `${rig.dir}/r/unsock`;
    for (const name of ["unix", "vm", "nobody"]) Deno.mkdirSync(`${base}/${name}`, { mode: 0o700 });
    const words = ["make-control", `${base}/unix/80.sock`, "--unix", `${rig.dir}/behind/3000.sock`];
    assertStrictEquals((await unsock(words)).code, 0);
    Deno.copyFileSync(`${base}/unix/80.sock`, `${base}/nobody/80.sock`);
    Deno.writeTextFileSync(`${base}/nobody/80.sock`, "no control file");
    Deno.writeFileSync(`${base}/vm/80.sock`, firecrackerFile(`${rig.dir}/v.sock`, 5678));
    await using _guest = new Multiplexer(`${rig.dir}/v.sock`, { kind: "faithful", guest: guestIn(`${rig.dir}/guest`) });
    const exposed = await rig.expose();
    assertMatch(exposed.output(), /http:\/\/unix\.localhost:\d+\/ → port 80\n[^]*http:\/\/vm\.localhost/);
    for (let i = 0; i < 2; i++) assertMatch(await rig.text("unix.localhost/"), /^A - keep-alive 0 /);
    assertMatch(await rig.raw(requestText("/", "vm"), "</ul>"), /^HTTP\/1\.1 502 /, "the guest has no server yet");
    using listener = Deno.listen({ transport: "unix", path: `${rig.dir}/guest/5678.sock` });
    const served = (async () => {
      using connection = await listener.accept();
      await connection.read(new Uint8Array(4096));
      await connection.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nguest"));
    })();
    assertStrictEquals(await rig.text("vm.localhost/"), "guest");
    await served;
    assertMatch(await rig.raw(requestText("/", "nobody"), "</ul>"), /^HTTP\/1\.1 502 /);
    const relays = () => [...Deno.readDirSync("/proc")].filter(({ name }) => isRelayOf(name, base));
    assertStrictEquals(relays().length, 2, "one for each port that was asked for");
    await exposed[Symbol.asyncDispose]();
    await until("they end with it", () => relays().length === 0);
  },
);

function isRelayOf(pid: string, base: string): boolean {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`).includes(`--until-eof\0--dir\0${base}`);
  } catch {
    return false; // no process, or it has ended
  }
}

testFront("expose --http uses no directory that another user has made, and follows no link to one", async (rig) => {
  const base = `${rig.dir}/r/unsock`;
  await rig.serve(["--dir", `${base}/own`], "A", 3000);
  await rig.serve(["--dir", `${rig.dir}/elsewhere`], "B", 3000);
  Deno.symlinkSync(`${rig.dir}/elsewhere`, `${base}/linked`);
  if (Deno.uid() === 0) {
    for (const name of ["foreign", ".names"]) Deno.mkdirSync(`${base}/${name}`);
    Deno.symlinkSync(`${rig.dir}/elsewhere`, `${base}/.names/named`);
    Deno.symlinkSync(`${rig.dir}/elsewhere/3000.sock`, `${base}/foreign/3000.sock`);
    for (const name of ["foreign", ".names"]) Deno.chownSync(`${base}/${name}`, OTHER_USER, OTHER_USER);
  }
  await rig.expose();
  assertMatch(await rig.text("own.localhost/"), /^A /);
  for (const name of ["linked", "foreign", "named", ".names"]) {
    assertMatch(await rig.raw(requestText("/", name), "</ul>"), /^HTTP\/1\.1 404 /, name);
  }
  const list = await rig.text("localhost/");
  assert(!/linked|foreign|named/.test(list), list);
});

testFront("expose --http: another user of the machine sees the list, and reaches the servers", async (rig) => {
  await rig.serve(["--dir", `${rig.dir}/r/unsock/one`, "--name", "main"], "A", 3000);
  await rig.expose();
  const ask = async (host: string) => {
    const words = ["curl", "-s", "--max-time", "60", `http://${host}localhost:${rig.port}/`];
    return (await run(asNobody(words), { cwd: "/" })).stdout;
  };
  assertMatch(await ask(""), /http:\/\/main\.localhost:[^]*\/r\/unsock\/one</);
  assertMatch(await ask("main."), /^A /);
}, whyNoOtherUser() === undefined);

testFront("ls has a URL for each port while expose --http runs, and none when it was killed", async (rig) => {
  const base = `${rig.dir}/r/unsock`;
  await rig.serve(["--dir", `${base}/one`], "A", 3000);
  const ls = async (...words: string[]) => (await unsock(["ls", ...words], { env: rig.env })).stdout;
  assertNotMatch(await ls("--dir", `${base}/one`), /URL/);
  const first = await rig.expose();
  assertMatch(await ls("--dir", `${base}/one`), new RegExp(` URL\n3000@.* http://one\\.localhost:${rig.port}/\n`));
  assertMatch(await ls("--dir", `${base}/one`, "3000"), new RegExp(` http://3000\\.one\\.localhost:${rig.port}/\n`));
  await rig.serve(["--dir", `${base}/one`], "B", 3001);
  await unsock(["make-control", `${base}/one/53.dgram.sock`, "--vsock-port", "7"], { env: rig.env });
  for (const { port, url } of JSON.parse(await ls("--dir", `${base}/one`, "--json"))) {
    assertStrictEquals(url, port === 53 ? null : `http://${port}.one.localhost:${rig.port}/`);
    if (url !== null) assertMatch((await run(["curl", "-s", url])).stdout, port === 3000 ? /^A / : /^B /);
  }
  Deno.kill(first.pid, "SIGKILL");
  await first.status;
  assertNotMatch(await ls("--dir", `${base}/one`), /URL/);
  const second = await rig.expose();
  assertMatch(await ls("--dir", `${base}/one`), / URL\n/);
  Deno.kill(second.pid, "SIGTERM");
  await second.status;
  assertNotMatch(await ls("--dir", `${base}/one`), /URL/);
  assertStrictEquals([...Deno.readDirSync(base)].map(({ name }) => name).join(), "one");
});

Deno.test(
  "expose --http wants a directory that others cannot write to, and no other ports",
  { ignore: isCompiled() },
  () =>
    withDir(async (dir) => {
      Deno.mkdirSync(`${dir}/unsock`);
      Deno.chmodSync(`${dir}/unsock`, 0o777);
      const env = { XDG_RUNTIME_DIR: dir };
      assertFails(await unsock(["expose", "--http", "0"], { env }), 1, /others may write to it: chmod 700/);
      Deno.chmodSync(`${dir}/unsock`, 0o700);
      assertFails(await unsock(["expose", "--http", "0", "3000"], { env }), 2, /--http takes no ports/);
      assertFails(await unsock(["expose", "--http", "0", "--all"], { env }), 2, /--http takes no ports/);
      assertFails(await unsock(["expose", "--http", "70000"], { env }), 2, /--http: not a port from 1 to 65535, or 0/);
      assertFails(
        await unsock(["expose", "--http", "0", "--address", "x"], { env }),
        2,
        /--address: not an IP address/,
      );
      assertFails(
        await unsock(["expose", "--http", "0", "--address", "192.0.2.1"], { env }),
        1,
        /192\.0\.2\.1:0: not an a/,
      );
    }),
);

Deno.test("expose --http is the command line's: the library says so, and hands it over where it is in front", () =>
  withDir(async (dir) => {
    assertFails(
      await byLibrary(["expose", "--http", "0"]),
      1,
      /^unsock: expose --http: the command line does it/,
    );
    for (const name of ["bin", "libexec"]) Deno.mkdirSync(`${dir}/${name}`);
    copyProgram(libraryFile(), `${dir}/bin/unsock`);
    writeProgram(`${dir}/libexec/unsock`, '#!/bin/sh\necho "command line: $*"\n');
    const { stdout, code } = await run([`${dir}/bin/unsock`, "expose", "--http", "8080"]);
    assertStrictEquals(`${code} ${stdout}`, "0 command line: expose --http 8080\n");
  }));

Deno.test("expose --until-eof ends when its standard input does", () =>
  withDir(async (dir) => {
    const command = `(echo word; sleep 1000) | ${libraryFile()} expose --until-eof --dir ${dir}/d 3000=0`;
    await using held = start(["sh", "-c", command]);
    await until("it listens", () => held.output().includes(" leads to "));
    const ended = await run([libraryFile(), "expose", "--until-eof", "--dir", `${dir}/d`, "3000=0"], { stdin: "word" });
    assertMatch(ended.stdout, / leads to /);
    assertStrictEquals(ended.code, 0, ended.stderr);
    assert(!held.output().includes("unsock:"), held.output());
  }));
