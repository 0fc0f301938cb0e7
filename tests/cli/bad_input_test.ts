/** Bad input: one line, the promised status, nothing made, never a stack trace. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import * as path from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { libraryFile } from "../support/library.ts";
import { assertFails, unsock } from "./unsock.ts";

/** Three bad values of every setting, with the option that sets it. */
const BAD: [string, string | undefined, string[]][] = [
  ["UNSOCK_DIR", undefined, ["relative", "/", `/${"d".repeat(100)}`]],
  ["UNSOCK_ADDR", "--addr", ["localhost", "127.0.0.1/33", "::1,"]],
  ["UNSOCK_PORT", "--port", ["0", "65536", "90-80"]],
  ["UNSOCK_MODE", "--mode", ["888", "1000", "rw-"]],
  ["UNSOCK_BLOCK_INET", undefined, ["2", "yes", "01"]],
  ["UNSOCK_BLOCK_INET6", undefined, ["2", "on", " 1"]],
  ["UNSOCK_ACCEPT_CONVERT_ALL", undefined, ["2", "all", "-1"]],
  ["UNSOCK_ACCEPT_CONVERT_VSOCK", undefined, ["2", "vsock", "1 "]],
  ["UNSOCK_ACCEPT_AS", "--accept-as", ["127.1.0.0", "::1/64", "127.1.0.0/31"]],
  ["UNSOCK_FALLBACK", undefined, ["2", "no", "11"]],
  ["UNSOCK_CONNECT_TIMEOUT_MS", "--connect-timeout-ms", ["0", "5s", "3600001"]],
  ["UNSOCK_LOG", undefined, ["stdout", "log", "./log"]],
];

async function assertNothingMade(use: (dir: string) => Promise<void>): Promise<void> {
  await withDir(async (dir) => {
    await use(dir);
    assertEquals([...Deno.readDirSync(dir)], []);
  });
}

for (const [name, option, values] of BAD) {
  Deno.test(`run refuses bad values of ${name}${option ? ` and ${option}` : ""} with 125`, async () => {
    await assertNothingMade(async (dir) => {
      for (const value of values) {
        const env = { UNSOCK_DIR: path.join(dir, "s"), [name]: value };
        assertFails(await unsock(["run", "--", "touch", path.join(dir, "ran")], { env }), 125, new RegExp(`${name}: `));
        if (option === undefined) continue;
        const args = ["run", "--dir", path.join(dir, "s"), `${option}=${value}`, "--", "touch", path.join(dir, "ran")];
        assertFails(await unsock(args), 125, new RegExp(`${option}: .*"${value}"`));
      }
    });
  });
}

Deno.test("run refuses a directory of 100 characters: no room for a socket's name", async () => {
  await assertNothingMade(async (dir) => {
    const long = path.join(dir, "d".repeat(100 - dir.length - 1));
    assertStrictEquals(long.length, 100);
    assertFails(await unsock(["run", "--dir", long, "--", "true"]), 125, /--dir: must be a directory of 2 to 90 bytes/);
    assertFails(await unsock(["run", "--", "true"], { env: { UNSOCK_DIR: long } }), 125, /UNSOCK_DIR: /);
  });
});

Deno.test("run takes a directory of 90 characters", async () => {
  await withDir(async (dir) => {
    const longest = path.join(dir, "d".repeat(90 - dir.length - 1));
    const result = await unsock(["run", "--dir", longest, "--", "true"]);
    assertStrictEquals(result.code, 0, result.stderr);
  });
});

Deno.test("a wrong command line is one line: 125 for run, 2 for the others", async () => {
  assertFails(await unsock(["run"]), 125, /no command: write "unsock run \[options\] -- COMMAND/);
  assertFails(await unsock(["run", "--"]), 125, /no command/);
  assertFails(await unsock(["run", "--nope", "--", "true"]), 125, /run: unknown option '--nope'/);
  assertFails(await unsock(["run", "--accept-convert", "some", "--", "true"]), 125, /--accept-convert: /);
  assertFails(await unsock(["run", "--dir", "", "--", "true"]), 125, /--dir: empty/);
  assertFails(await unsock([]), 2, /no command: try "unsock --help"/);
  assertFails(await unsock(["rum"]), 2, /unknown command 'rum'.*run/);
  assertFails(await unsock(["--nope"]), 2, /unknown option '--nope'/);
  assertFails(await unsock(["show-control"]), 2, /show-control: /);
  assertFails(await unsock(["show-control", "a", "b"]), 2, /too many arguments/);
});

Deno.test("a misspelt UNSOCK_ name is refused by every command that would read it, with the real one", async () => {
  await assertNothingMade(async (dir) => {
    const env = { UNSOCK_DIR: path.join(dir, "s"), UNSOCK_PROT: "80" };
    const line = /^unsock: UNSOCK_PROT: no such setting: did you mean UNSOCK_PORT\?$/m;
    assertFails(await unsock(["run", "--", "touch", path.join(dir, "ran")], { env }), 125, line);
    assertFails(await unsock(["ls"], { env }), 2, line);
    assertFails(await unsock(["env"], { env }), 2, line);
    const doctor = await unsock(["doctor"], { env });
    assertStrictEquals(doctor.code, 1);
    assertMatch(doctor.stdout, /^FAIL settings: UNSOCK_PROT: no such setting: did you mean UNSOCK_PORT\?$/m);
    for (const args of [["--help"], ["run", "--help"], ["help", "run"], ["--version"], ["completions", "bash"]]) {
      assertStrictEquals((await unsock(args, { env })).code, 0);
    }
  });
});

Deno.test("a preloaded program with a misspelt name ends before main, and the library as a program refuses it", async () => {
  await assertNothingMade(async (dir) => {
    const env = { UNSOCK_DIR: path.join(dir, "s"), UNSOCK_MOED: "600", LD_PRELOAD: libraryFile() };
    const line = /^unsock: UNSOCK_MOED: no such setting: did you mean UNSOCK_MODE\?\n$/;
    const preloaded = await run(["touch", path.join(dir, "ran")], { env });
    assertStrictEquals(preloaded.code, 1);
    assertMatch(preloaded.stderr, line);
    const started = await run([libraryFile(), "run", "--", "touch", path.join(dir, "ran")], {
      env: { ...env, LD_PRELOAD: "" },
    });
    assertStrictEquals(started.code, 125);
    assertMatch(started.stderr, line);
    const made = await run([libraryFile()], {
      env: { UNSOCK_FILE: path.join(dir, "f"), UNSOCK_VSOCK_PROT: "1", UNSOCK_VSOCK_PORT: "2" },
    });
    assertStrictEquals(made.code, 1);
    assertMatch(made.stderr, /^unsock: UNSOCK_VSOCK_PROT: no such setting: did you mean UNSOCK_VSOCK_PORT\?\n$/);
  });
});

Deno.test("options end at the first word that is none, as in env and nice", async () => {
  await withDir(async (dir) => {
    for (const dashes of [[], ["--"]]) {
      const result = await unsock(["run", "--dir", path.join(dir, "s"), ...dashes, "sh", "-c", "echo $0", "--force"]);
      assertStrictEquals(result.code, 0, result.stderr);
      assertStrictEquals(result.stdout, "--force\n");
    }
  });
});

Deno.test("run names the library that it does not find, or that is none", async () => {
  await withDir(async (dir) => {
    const text = path.join(dir, "text.so");
    Deno.writeTextFileSync(text, "not a library");
    const blank = path.join(dir, "a b.so");
    Deno.writeTextFileSync(blank, "");
    const start = (...args: string[]) => unsock(["run", "--dir", path.join(dir, "s"), ...args, "--", "true"]);
    assertFails(await start("--lib", path.join(dir, "none.so")), 125, /none\.so: No such file/);
    assertFails(await start("--lib", text), 125, /text\.so: not a shared object/);
    assertFails(await start("--lib", blank), 125, /LD_PRELOAD cannot hold/);
    const env = { UNSOCK_LIB: text };
    assertFails(await unsock(["run", "--dir", path.join(dir, "s"), "--", "true"], { env }), 125, /not a shared object/);
  });
});

Deno.test("--version, --help of everything", async () => {
  const version = await unsock(["--version"]);
  assertMatch(version.stdout, /^\d+\.\d+\.\d+(-dev)?\n$/);
  const help = await unsock(["--help"]);
  assertStrictEquals(help.code, 0);
  const list = help.stdout.slice(help.stdout.indexOf("Commands:"));
  const commands = [...list.matchAll(/^ {2}(?!unsock )([a-z-]+) +\S/gm)].map((match) => match[1] ?? "");
  assert(commands.includes("run") && commands.includes("make-control") && commands.includes("self-test"));
  for (const command of commands) {
    const result = await unsock([command, "--help"]);
    assertStrictEquals(result.code, 0, result.stderr);
    assertMatch(result.stdout, new RegExp(`^Usage: unsock ${command}`));
  }
});
