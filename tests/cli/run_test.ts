/** `unsock run`: the command sees what it would see without unsock. */
import { assertEquals, assertMatch, assertNotMatch, assertStrictEquals } from "@std/assert";
import * as path from "@std/path/posix";
import { copyProgram, withDir, writeProgram } from "../support/dir.ts";
import { need } from "../support/programs.ts";
import { buildLinked } from "../support/static.ts";
import { assertFails, isCompiled, shell, unsock, unsockCommand } from "./unsock.ts";

const LIBRARY = path.join(import.meta.dirname ?? ".", "..", "..", "build", "libunsock.so");

/** Runs `script` once as it is and once under `unsock run`, by the same shell. */
async function compare(script: string, before = "", after = ""): Promise<[string, string]> {
  const outputs: string[] = [];
  await withDir(async (dir) => {
    for (const prefix of ["", `$UNSOCK run --dir ${dir}/s -- `]) {
      const result = await shell(`${before}\n${prefix}${script} ${after}\necho status $?`, { cwd: dir });
      assertStrictEquals(result.stderr, "");
      outputs.push(result.stdout);
    }
  });
  const [plain = "", unsocked = ""] = outputs;
  return [plain, unsocked];
}

async function assertSame(script: string, before = "", after = ""): Promise<void> {
  const [plain, unsocked] = await compare(script, before, after);
  assertStrictEquals(unsocked, plain);
}

Deno.test("run leaves the limits of the caller, soft and hard", async () => {
  await assertSame("cat /proc/self/limits");
  await assertSame("cat /proc/self/limits", "ulimit -Sn 256");
  await assertSame("cat /proc/self/limits", "ulimit -n 300");
});

Deno.test("run leaves signal dispositions and the signal mask", async () => {
  await assertSame("grep ^Sig[PBIC] /proc/self/status");
  await assertSame("grep ^Sig[BIC] /proc/self/status", "trap '' PIPE INT CHLD USR1");
});

Deno.test("run leaves umask, working directory, privileges and scheduling", async () => {
  await assertSame(
    "grep -E '^(Umask|[UG]id|Groups|Cap|NoNewPrivs|Seccomp|Cpus_allowed)' /proc/self/status",
    "umask 027",
  );
  await assertSame("cat /proc/self/timerslack_ns /proc/self/oom_score_adj /proc/self/personality", "cd /");
  await assertSame("pwd", "mkdir -p 'a b'; cd 'a b'");
});

Deno.test("run hands down the caller's descriptors and none of its own", async () => {
  const list = "sh -c 'for fd in /proc/self/fd/*; do readlink $fd; done; true'";
  await assertSame(list, "", "5</dev/zero 9</dev/full </dev/null | grep -v /proc/ | sed 's/[0-9][0-9]*/N/'");
});

Deno.test("run adds UNSOCK_ variables and LD_PRELOAD, and changes no other", async () => {
  const [plain, unsocked] = await compare("env", "unset _", "| sort | grep -v ^_=");
  const lines = (text: string) => new Set(text.split("\n"));
  const added = [...lines(unsocked).difference(lines(plain))].map((line) => line.split("=")[0]);
  assertEquals(added, ["LD_PRELOAD", "UNSOCK_ACCEPT_CONVERT_ALL", "UNSOCK_ADDR", "UNSOCK_DIR"]);
  assertStrictEquals(lines(plain).difference(lines(unsocked)).size, 0);
});

Deno.test("run hands down arguments and values byte for byte", async () => {
  const print = 'sh -c \'printf "%s|" "$0" "$@" | od -c\'';
  await assertSame(print, "", "'' 'a b' -- é --dir");
  // The runtime of a compiled binary ends with a panic on arguments that are no UTF-8.
  if (!isCompiled()) await assertSame(print, "", "\"$(printf '\\377x')\"");
  await assertSame("sh -c 'printf %s \"$BYTES\" | od -c'", "BYTES=$(printf '\\377\\376'); export BYTES");
});

Deno.test("run hands down argv[0] as it was typed", async () => {
  await assertSame('sh -c \'tr "\\0" "|" </proc/$$/cmdline; true\'');
});

Deno.test("run becomes the command: same process, its status, its signals", async () => {
  await assertSame("sh -c 'exit 7'");
  await assertSame("sh -c 'kill -9 $$'", "", "2>/dev/null");
  await withDir(async (dir) => {
    const inner = `$UNSOCK run --dir ${dir}/s -- sh -c 'echo $$'`;
    const result = await shell(`echo $$; exec ${inner}`);
    const [first, second] = result.stdout.split("\n");
    assertStrictEquals(second, first, result.stderr);
  });
});

Deno.test("run reads nothing from standard input", async () => {
  await assertSame("sh -c 'read x; echo \"got $x\"; cat'", "", "<<END\none\ntwo\nEND\n");
});

Deno.test("run runs a script without #!, as a shell would", async () => {
  await assertSame("./script A", "printf 'echo $0 $1' >script; chmod +x script");
});

Deno.test("run exits with 127 if the command is missing, and with 126 if it cannot be executed", async () => {
  await withDir(async (dir) => {
    const start = (...command: string[]) => unsock(["run", "--dir", `${dir}/s`, "--", ...command], { cwd: dir });
    assertFails(await start("/nonexistent"), 127, /\/nonexistent: not found$/m);
    assertFails(await start("no-such-command"), 127, /not found in PATH/);
    assertFails(await start(""), 127, /not found/);
    assertFails(await start("/etc/passwd"), 126, /not executable/);
    assertFails(await start("/etc"), 126, /is a directory/);
    assertFails(await start("/etc/passwd/x"), 126, /Not a directory/);
    writeProgram(path.join(dir, "bad"), "#!/nonexistent/interpreter\n");
    assertFails(await start("./bad"), 127, /interpreter \/nonexistent\/interpreter: not found/);
    assertEquals([...Deno.readDirSync(dir)].map(({ name }) => name), ["bad"]); // nothing was run, nothing made
  });
});

Deno.test("run refuses a program that the library cannot reach, except with --force", async () => {
  await withDir(async (dir) => {
    const program = path.join(dir, "libunsock.so"); // static, and runs by itself
    copyProgram(LIBRARY, program);
    Deno.chmodSync(program, 0o755);
    const env = { UNSOCK_ENGINE: "preload" };
    const refused = await unsock(["run", "--dir", `${dir}/s`, "--", program], { env });
    assertFails(refused, 125, /the library cannot reach it: statically linked.*--force/);
    const forced = await unsock(["run", "--dir", `${dir}/s`, "--force", "--", program], { env });
    assertStrictEquals(forced.code, 0, forced.stderr);
  });
});

Deno.test({
  name:
    "run starts static programs with their system calls trapped, found in PATH, with their arguments and exit status",
  ignore: !need("cc"),
  fn: () =>
    withDir(async (dir) => {
      const child = new URL("../trap/child.c", import.meta.url).pathname;
      const program = path.basename(await buildLinked(child, dir, "static"));
      const env = { PATH: `${dir}:${Deno.env.get("PATH")}` };
      const started = await unsock(["run", "--dir", `${dir}/s`, "--", program, `${dir}/s`, "20999", "a b"], { env });
      assertStrictEquals(started.stdout, "redirected 1 0 a b\n", started.stderr);
      assertStrictEquals((await unsock(["run", "--dir", `${dir}/s`, "--", program], { env })).code, 1);
    }),
});

Deno.test({
  name: "a program of a user who cannot read the library is reported, and with --strict not started",
  ignore: Deno.uid() !== 0 || !need("setpriv"),
  fn: () =>
    withDir(async (dir) => {
      const inner = path.join(dir, "inner");
      const library = path.join(inner, "libunsock.so");
      Deno.mkdirSync(inner, { mode: 0o700 });
      Deno.chmodSync(dir, 0o755);
      copyProgram(LIBRARY, library);
      Deno.chmodSync(library, 0o644);
      const change = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
      const maps = (...options: string[]) =>
        unsock(["run", "--dir", `${dir}/s`, "--lib", library, ...options, "--", ...change, "cat", "/proc/self/maps"]);
      const reported = async (line: RegExp, ...options: string[]) => {
        const { stdout, stderr } = await maps(...options);
        assertNotMatch(stdout, /libunsock/);
        assertMatch(stderr, line);
      };
      const why = "the library cannot be read by this user, or from this root directory";
      await reported(new RegExp(`^unsock: \\S+/cat: ${why}: it is not redirected\n`));
      await reported(new RegExp(`^unsock: \\S+/cat: ${why}: not started \\(UNSOCK_STRICT\\)\n`), "--strict");
      Deno.chmodSync(inner, 0o711);
      // A directory that he cannot enter is another matter: the program needs no network.
      const { code, stdout, stderr } = await maps();
      assertEquals([code, stderr], [0, ""]);
      assertMatch(stdout, /libunsock/);
      Deno.chmodSync(library, 0o600);
      await reported(new RegExp(`^unsock: \\S+/cat: ${why}: it is not redirected\n`));
    }),
});

Deno.test("run --dry-run prints a command line for a shell, and changes nothing", async () => {
  await withDir(async (dir) => {
    const result = await unsock(["run", "--dir", `${dir}/s`, "--port", "80", "--dry-run", "--", "echo", "it's"]);
    assertStrictEquals(result.code, 0, result.stderr);
    assertMatch(result.stdout, /^UNSOCK_PORT=80 \\$/m);
    assertMatch(result.stdout, /^LD_PRELOAD=\S+libunsock\S*\.so \\$/m);
    assertMatch(result.stdout, /^echo 'it'\\''s'$/m);
    assertEquals([...Deno.readDirSync(dir)], []);
  });
});

Deno.test("run --log=FILE is a file of the working directory, --log is standard error", async () => {
  await withDir(async (dir) => {
    const log = async (option: string) => {
      const { stdout } = await unsock(["run", "--dir", `${dir}/s`, option, "--dry-run", "--", "true"], { cwd: dir });
      return /^UNSOCK_LOG=(.*) \\$/m.exec(stdout)?.[1];
    };
    assertStrictEquals(await log("--log"), "stderr");
    assertStrictEquals(await log("--log=calls.log"), path.join(dir, "calls.log"));
  });
});

Deno.test("run inside run takes the inner options and preloads once", async () => {
  await withDir(async (dir) => {
    const inner = [...unsockCommand(), "run", "--port", "81", "--", "env"];
    const result = await unsock(["run", "--dir", `${dir}/s`, "--port", "80", "--addr", "::1", "--", ...inner]);
    assertStrictEquals(result.code, 0, result.stderr);
    assertMatch(result.stdout, /^UNSOCK_PORT=81$/m);
    assertMatch(result.stdout, /^UNSOCK_ADDR=::1$/m);
    assertMatch(result.stdout, /^LD_PRELOAD=[^:\n]+libunsock[^:\n]*\.so$/m);
  });
});
