/** `make-control` writes files, `show-control` explains them. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import * as path from "@std/path/posix";
import { copyProgram, withDir } from "../support/dir.ts";
import { unsockForEverybody } from "../support/everybody.ts";
import { run, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryFile, unsockRun } from "../support/library.ts";
import { asNobody, whyNoOtherUser } from "../support/users.ts";
import { until } from "../support/wait.ts";
import { assertFails, shell, unsock, unsockCommand } from "./unsock.ts";

const programText = programsOf(import.meta);

/** The library in front of the command line, as `install` puts it there. */
async function withFront(use: (front: string, dir: string) => Promise<void>): Promise<void> {
  await withDir(async (dir) => {
    const [front, behind] = [path.join(dir, "bin/unsock"), path.join(dir, "libexec/unsock")];
    for (const name of ["bin", "libexec", "s"]) Deno.mkdirSync(path.join(dir, name), { mode: 0o700 });
    copyProgram(libraryFile(), front);
    const words = unsockCommand().map((word) => `'${word}'`).join(" ");
    Deno.writeTextFileSync(behind, `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
    await use(front, path.join(dir, "s"));
  });
}

Deno.test("a control file that may not grow is an error with one line, and nothing is left of it", () =>
  withFront(async (front, dir) => {
    for (
      const [words, code] of [["make-control 80.sock --unix /x", 1], ["run --dir . --map 80=/x true", 125]] as const
    ) {
      // A pipe for the line: it may not grow either, as a file.
      const limited = await run(["sh", "-c", `ulimit -f 0; exec "$@"`, "sh", front, ...words.split(" ")], { cwd: dir });
      assertFails(limited, code, /80\.sock: File too large/);
      assertEquals([...Deno.readDirSync(dir)], [], words);
    }
  }));

const ENTER = ["unshare", "--mount", ...(Deno.uid() === 0 ? [] : ["--user", "--map-root-user"])];

Deno.test({
  name: "a control file on a file system that is full is an error with one line, and nothing is left of it",
  ignore: !need("unshare", "mount") || (await run([...ENTER, "true"])).code !== 0,
  fn: () =>
    withDir(async (dir) => {
      const script = `mount -t tmpfs -o size=4k none "$1" && cd "$1" && head -c 4096 /dev/zero >fill || exit 9
        shift
        "$@" make-control 80.sock --unix /x
        echo $? *`;
      const { stdout, stderr } = await run([...ENTER, "sh", "-c", script, "sh", dir, ...unsockCommand()]);
      assertEquals([stdout, stderr], ["1 fill\n", "unsock: control file 80.sock: No space left on device\n"]);
    }),
});

Deno.test("the library executes the command line for make-control, or names its --help, which has the variables to use instead", () =>
  withFront(async (front, dir) => {
    const words = ["make-control", "80.sock", "--unix", "/x"];
    const made = await run([front, ...words], { cwd: dir });
    assertEquals([made.code, made.stdout, made.stderr], [0, "80.sock: Unix socket /x\n", ""]);
    Deno.removeSync(path.join(dir, "80.sock"));
    Deno.removeSync(path.join(dir, "../libexec/unsock"));
    for (const library of [front, libraryFile()]) {
      assertFails(await run([library, ...words], { cwd: dir }), 2, /^unsock: make-control: .*--help/m);
      const { stdout } = await run([library, "--help"]);
      assertMatch(stdout, /^ {2}UNSOCK_FILE=FILE UNSOCK_VSOCK_PORT=PORT libunsock\.so$/m);
    }
    assertEquals([...Deno.readDirSync(dir)], []);
  }));

Deno.test("make-control and show-control: Firecracker, in words and as JSON", async () => {
  await withDir(async (dir) => {
    const file = path.join(dir, "1024.sock");
    const made = await unsock([
      "make-control",
      file,
      "--fc-sock",
      "/path/to/firecracker/vsock",
      "--vsock-port",
      "5678",
    ]);
    assertStrictEquals(made.code, 0, made.stderr);
    const status = Deno.statSync(file);
    assertStrictEquals(status.size, 452);
    assertStrictEquals((status.mode ?? 0) & 0o777, 0o644);
    const shown = await unsock(["show-control", file]);
    assertMatch(shown.stdout, /^kind: +Firecracker/m);
    assertEquals(await unsock(["show-control", "--dir", dir, "1024"]), shown);
    assertFails(
      await unsock(["show-control", "--dir", dir, "1024/udp"]),
      1,
      /no control file: there is no \S+\/1024\.dgram\.sock: /,
    );
    assertFails(await unsock(["show-control", "70000"]), 2, /not a port from 1 to 65535/);
    assertMatch(shown.stdout, /^proxy: +AF_UNIX, Unix socket \/path\/to\/firecracker\/vsock$/m);
    assertMatch(shown.stdout, /^destination: +AF_VSOCK, vsock port 5678, CID any$/m);
    const json = JSON.parse((await unsock(["show-control", "--json", file])).stdout);
    assertEquals(json.destination, { family: "AF_VSOCK", port: 5678, cid: 4294967295, flags: 0 });
  });
});

Deno.test("make-control is 0644 whatever the umask, and never replaces a file or a link", async () => {
  await withDir(async (dir) => {
    const file = path.join(dir, "1.sock");
    const args = ["make-control", file, "--vsock-port", "1"];
    assertStrictEquals((await unsock(args)).code, 0);
    assertFails(await unsock(args), 1, /1\.sock: exists already, and leads to vsock port 1, CID any: remove it first/);
    const link = path.join(dir, "2.sock");
    Deno.symlinkSync(path.join(dir, "nowhere"), link);
    assertFails(
      await unsock(["make-control", link, "--vsock-port", "1"]),
      1,
      /2\.sock: exists already, a link: remove/,
    );
    assertEquals([...Deno.readDirSync(dir)].map(({ name }) => name).sort(), ["1.sock", "2.sock"]);
  });
});

Deno.test("make-control puts the file into the directory by port, or by the vsock port", async () => {
  await withDir(async (dir) => {
    const sockets = path.join(dir, "s");
    assertStrictEquals((await unsock(["make-control", "--dir", sockets, "--port", "80", "--vsock-port", "7"])).code, 0);
    assertStrictEquals((await unsock(["make-control", "--vsock-port", "7"], { env: { UNSOCK_DIR: sockets } })).code, 0);
    assertStrictEquals((await unsock(["make-control", "--dir", sockets, "--port", "81", "--inet", "[::1]:9"])).code, 0);
    assertEquals([...Deno.readDirSync(sockets)].map(({ name }) => name).sort(), ["7.sock", "80.sock", "81.sock"]);
    assertStrictEquals((Deno.statSync(sockets).mode ?? 0) & 0o777, 0o700);
  });
});

Deno.test("make-control resolves Firecracker's socket", async () => {
  await withDir(async (dir) => {
    Deno.writeTextFileSync(path.join(dir, "real"), "");
    Deno.symlinkSync("real", path.join(dir, "link"));
    const args = (socket: string) => ["make-control", "f", "--fc-sock", socket, "--vsock-port", "5"];
    assertFails(await unsock(args("missing"), { cwd: dir }), 2, /--fc-sock: a relative path must exist/);
    const made = await unsock(args("link"), { cwd: dir });
    assert(made.stdout.includes(path.join(dir, "real")), made.stdout);
  });
});

Deno.test("make-control refuses what it cannot do, and makes nothing", async () => {
  await withDir(async (dir) => {
    const refuse = async (args: string[], line: RegExp) =>
      assertFails(await unsock(["make-control", ...args], { cwd: dir }), 2, line);
    await refuse([], /no target/);
    await refuse(["f"], /no target/);
    await refuse(["f", "--vsock-port", "many"], /--vsock-port: not a number/);
    await refuse(["f", "--vsock-port", "1", "--unix", "/x"], /exclude each other/);
    await refuse(["f", "--port", "80", "--vsock-port", "1"], /either FILE or/);
    await refuse(["--dir", "d", "--unix", "/x"], /no file/);
    await refuse(["--dir", "d", "--vsock-port", "65536"], /not a port/);
    await refuse(["f", "--unix", "/x", "--sockopt", "SO_RCVBUF"], /--sockopt: /);
    assertEquals([...Deno.readDirSync(dir)], []);
    assertFails(
      await unsock(["make-control", "no/dir/f", "--unix", "/x"], { cwd: dir }),
      1,
      /no\/dir does not exist: make it first, mkdir -p no\/dir/,
    );
  });
});

Deno.test("make-control says where a directory cannot be made, and to make it where it can", {
  ignore: whyNoOtherUser() !== undefined,
}, () =>
  withDir(async (dir) => {
    Deno.chmodSync(dir, 0o755);
    const program = await unsockForEverybody(dir);
    const { code, stderr } = await run(asNobody([program, "make-control", "--unix", "/x", `${dir}/no/f`]));
    const why = `${dir}/no does not exist, and you may not make it in ${dir}: choose another directory`;
    assertEquals([code, stderr], [1, `unsock: control file ${dir}/no/f: ${why}\n`]);
  }));

Deno.test("names of files are printed without their control characters", () =>
  withDir(async (dir) => {
    const name = "a\x1b[31mred";
    const shown = "a\\x1b[31mred";
    const tell = (...words: string[]) => unsock(words, { cwd: dir });
    assertStrictEquals((await tell("show-control", name)).stderr, `unsock: ${shown}: No such file or directory\n`);
    assertStrictEquals((await tell("make-control", "--unix", "/x", name)).stdout, `${shown}: Unix socket /x\n`);
    assertStrictEquals((await tell(`${name}`)).stderr.includes("\x1b"), false);
  }));

Deno.test("show-control refuses hostile files with the reason", async () => {
  await withDir(async (dir) => {
    const good = path.join(dir, "good");
    assertStrictEquals((await unsock(["make-control", good, "--vsock-port", "5678"])).code, 0);
    const bytes = Deno.readFileSync(good);
    const refuse = async (change: (bytes: Uint8Array) => Uint8Array, line: RegExp) => {
      const file = path.join(dir, "bad");
      Deno.writeFileSync(file, change(bytes.slice()));
      assertFails(await unsock(["show-control", file]), 1, line);
    };
    const patch = (offset: number, value: number) => (copy: Uint8Array) => (copy[offset] = value, copy);
    await refuse((copy) => copy.subarray(0, 451), /not a control file: 451 bytes long, not 452/);
    await refuse(patch(0, 0), /wrong magic/);
    await refuse(patch(21, 0x10), /destLen 4112 is beyond 128/);
    await refuse(patch(8, 4), /unknown options/);
    await refuse(patch(160, 99), /unknown address family 99/);
    assertFails(await unsock(["show-control", path.join(dir, "none")]), 1, /No such file/);
    assertFails(await unsock(["show-control", dir]), 1, /not a regular file/);
    assertFails(await unsock(["show-control", "/dev/zero"]), 1, /not a regular file/);
  });
});

Deno.test("show-control does not let a hostile path write to the terminal", async () => {
  await withDir(async (dir) => {
    const file = path.join(dir, "f");
    assertStrictEquals((await unsock(["make-control", file, "--unix", "/x\x1b[31m\n"])).code, 0);
    const { stdout } = await unsock(["show-control", file]);
    assertMatch(stdout, /\/x\\x1b\[31m\\x0a$/m);
  });
});

Deno.test("make-control reports an existing file, and --force replaces a stale socket, not a live one", async () => {
  await withDir(async (dir) => {
    const [live, left] = [path.join(dir, "80.sock"), path.join(dir, "81.sock")];
    const make = (file: string, ...options: string[]) => unsock(["make-control", file, "--refuse", ...options]);
    using _server = Deno.listen({ transport: "unix", path: live });
    const code = `Deno.listen({ transport: "unix", path: "${left}" }); Deno.kill(Deno.pid, "SIGKILL")`;
    await run([Deno.execPath(), "eval", code]);
    for (const file of [live, left]) {
      assertFails(await make(file), 1, /exists already, a socket: a server has this port, or.*--force replaces it/);
    }
    assertFails(await make(live, "--force"), 1, /exists already, a socket/);
    assertStrictEquals((await make(left, "--force")).stdout, `${left}: nobody: connections are refused\n`);
    assert(Deno.lstatSync(live).isSocket);
  });
});

Deno.test({
  name: "make-control --refuse: connections are refused and binding is EACCES, of streams and datagrams",
  ignore: !need("python3"),
  fn: () =>
    withDir(async (dir) => {
      for (const name of ["8000.sock", "8000.dgram.sock"]) {
        assertStrictEquals((await unsock(["make-control", path.join(dir, name), "--refuse"])).code, 0);
      }
      const { stderr } = await run(unsockRun(dir, ["python3", "-c", programText("answers")]));
      assertStrictEquals(stderr, "111 13\n111 13\n");
      assertMatch((await unsock(["show-control", path.join(dir, "8000.sock")])).stdout, /^kind: +refusing/);
    }),
});

const ASK = `import socket; print(socket.create_connection(("127.0.0.1", 8000)).recv(9).decode(), end="")`;

Deno.test({
  name: "run --map: a port is a Unix socket of another name, for the server and for its clients",
  ignore: !need("python3"),
  fn: () =>
    withDir(async (dir) => {
      const map = ["--map", `8000=${dir}/app-%p-%a.sock`];
      await using server = start(unsockRun(`${dir}/s`, ["python3", "-c", programText("serve")], map));
      await until("the server is ready", () => server.output() === "ready\n");
      assert(Deno.lstatSync(`${dir}/app-8000-127.0.0.1.sock`).isSocket);
      for (const options of [map, []]) {
        const client = await run(unsockRun(`${dir}/s`, ["python3", "-c", ASK], options));
        assertEquals([client.stdout, client.stderr], ["hello", ""]);
      }
      const other = ["run", "--dir", `${dir}/s`, "--map", "8000=/elsewhere", "true"];
      assertFails(await unsock(other), 125, /8000\.sock: exists already, and leads to Unix socket .*app-8000/);
      for (const map of ["8000", "8000=", "=x", "0=/x", "80/sctp=/x", "80=/%q", `80=/${"x".repeat(108)}`]) {
        assertFails(await unsock(["run", "--dir", `${dir}/s`, "--map", map, "true"]), 125, /^unsock: --map: /);
      }
      const udp = await unsock(["run", "--dir", `${dir}/s`, "--map", "53/udp=@dns", "--keep", "true"]);
      assertEquals([udp.code, udp.stderr], [0, ""]);
      assertMatch((await unsock(["show-control", `${dir}/s/53.dgram.sock`])).stdout, /Unix socket @dns/);
    }),
});

Deno.test("env --off unsets the variables of env, and keeps other preloaded libraries", async () => {
  await withDir(async (dir) => {
    const script = `
      before=$(env -u _ | sort)
      eval "$($UNSOCK env --dir ${dir} --port 80)"
      [ "$UNSOCK_PORT" = 80 ] || exit 9
      eval "$($UNSOCK env --off)"
      [ "$(env -u _ | grep -v ^before= | sort)" = "$before" ]`;
    const back = await shell(script);
    assertEquals([back.code, back.stdout, back.stderr], [0, "", ""]);
    const env = { LD_PRELOAD: `/x/libunsock-0123.so:/none/other.so /none/libunsock.so` };
    const { stdout } = await unsock(["env", "--off"], { env });
    assertStrictEquals(stdout, "export LD_PRELOAD=/none/other.so\n");
    assertFails(await unsock(["env", "--off", "--port", "80"]), 2, /--off takes no other options/);
  });
});
