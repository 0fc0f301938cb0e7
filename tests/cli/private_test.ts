/** `unsock run --private`: a directory for one run, and nobody to be seen between the command and its caller. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import * as path from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { isAlive, run, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";
import { leaveStale } from "../support/stale.ts";
import { until } from "../support/wait.ts";
import { DAEMON_PROGRAMS, daemonPids, startDaemons } from "./daemons.ts";
import { assertFails, shell, unsock, unsockCommand } from "./unsock.ts";

const programText = programsOf(import.meta);

const fixture = (name: string) => path.join(import.meta.dirname ?? ".", name);
const isThere = (file: string) => () => Deno.lstat(file).then(() => true, () => false);
const isGone = (file: string) => () => Deno.lstat(file).then(() => false, () => true);

/** The private directories of a directory. */
function privates(directory: string): string[] {
  try {
    return [...Deno.readDirSync(path.join(directory, "private"))].map(({ name }) => name);
  } catch {
    return [];
  }
}

/** Words that run a command in a directory of its own in `dir`. */
const inPrivate = (dir: string, ...command: string[]) => ["run", "--private", "--dir", `${dir}/s`, "--", ...command];

/** As it is, and under `unsock run --private`. */
async function assertSame(script: string, before = "", after = ""): Promise<void> {
  await withDir(async (dir) => {
    const outputs: string[] = [];
    for (const prefix of ["", `$UNSOCK run --private --dir ${dir}/s -- `]) {
      const result = await shell(`${before}\n${prefix}${script} ${after}\necho status $?`, { cwd: dir });
      assertStrictEquals(result.stderr, "");
      outputs.push(result.stdout);
    }
    assertStrictEquals(outputs[1], outputs[0]);
    assertEquals(privates(`${dir}/s`), []);
  });
}

Deno.test("--private: the directory exists as long as the command", () =>
  withDir(async (dir) => {
    const script = 'echo "$UNSOCK_DIR"; mkdir -p "$UNSOCK_DIR/of the command/own"; exit 7';
    const { code, stdout, stderr } = await unsock(inPrivate(dir, "sh", "-c", script));
    assertStrictEquals(code, 7, stderr);
    assertMatch(stdout.trim(), new RegExp(`^${dir}/s/private/[0-9a-f]{6}$`));
    assertEquals([...Deno.readDirSync(`${dir}/s`)], []);
  }));

Deno.test("--private: with hardly a descriptor left the command runs, or run reports why not", () =>
  withDir(async (dir) => {
    for (const most of [5, 6, 7, 8, 9]) {
      const words = [libraryFile(), ...inPrivate(dir, "sh", "-c", "exit 7")];
      const { code, stderr } = await run(["sh", "-c", `ulimit -n ${most}; exec "$@"`, "sh", ...words]);
      assert(code === 7 || /^unsock: .+: Too many open files/.test(stderr), `${most}: ${code} ${stderr}`);
    }
  }));

Deno.test("--private: the command's status, its death by a signal, its limits, masks and descriptors", async () => {
  await assertSame("sh -c 'exit 0'");
  await assertSame("sh -c 'exit 7'");
  await assertSame("sh -c 'kill -9 $$'", "", "2>/dev/null");
  await assertSame("sh -c 'ulimit -c 0; kill -SEGV $$'", "", "2>/dev/null");
  await assertSame("cat /proc/self/limits", "ulimit -Sn 256");
  await assertSame("grep ^Sig[PBIC] /proc/self/status", "trap '' PIPE INT CHLD USR1");
  await assertSame("pwd", "mkdir -p 'a b'; cd 'a b'");
  const list = "sh -c 'for fd in /proc/self/fd/*; do readlink $fd; done; true'";
  await assertSame(list, "", "5</dev/zero 9</dev/full </dev/null | grep -v /proc/ | sed 's/[0-9][0-9]*/N/'");
});

Deno.test("--private: a failure before the command leaves no directory", () =>
  withDir(async (dir) => {
    assertFails(await unsock(inPrivate(dir, "no-such-command")), 127, /not found in PATH/);
    assertFails(await unsock(inPrivate(dir, "/etc/passwd")), 126, /not executable/);
    const control = ["run", "--private", "--dir", `${dir}/s`, "--map", "80/udp=", "true"];
    assertFails(await unsock(control), 125, /--map: no path/);
    const deep = `${dir}/${"d".repeat(85 - dir.length)}`;
    assertFails(await unsock(["run", "--private", "--dir", deep, "true"]), 125, /too long for one of its own in it/);
    assertEquals([...Deno.readDirSync(dir)], []);
  }));

Deno.test("--private: a run that begins while another one ends gets its directory", () =>
  withDir(async (dir) => {
    const words = [libraryFile(), ...inPrivate(dir, "true")].map((word) => `'${word}'`).join(" ");
    const rounds = `for i in $(seq 100); do ${words} || exit 1; done`;
    const ends = await Promise.all(Array.from({ length: 4 }, () => shell(rounds, { cwd: dir })));
    assertEquals(ends.map(({ code, stderr }) => [code, stderr]), ends.map(() => [0, ""]));
    assertEquals([...Deno.readDirSync(`${dir}/s`)], []);
  }));

Deno.test("--private --dry-run prints and makes nothing", () =>
  withDir(async (dir) => {
    const { stdout } = await unsock(["run", "--private", "--dry-run", "--dir", `${dir}/s`, "--", "true"]);
    assertMatch(stdout, new RegExp(`^UNSOCK_DIR=${dir}/s/private/XXXXXX \\\\$`, "m"));
    assertEquals([...Deno.readDirSync(dir)], []);
  }));

Deno.test("--private: the directory has the control files of --map, and the rights of --dir", () =>
  withDir(async (dir) => {
    Deno.mkdirSync(`${dir}/s`);
    Deno.chmodSync(`${dir}/s`, 0o711);
    const script = 'ls "$UNSOCK_DIR"; stat -c %a "$UNSOCK_DIR"';
    const words = ["run", "--private", "--dir", `${dir}/s`, "--map", `80=${dir}/web`, "--", "sh", "-c", script];
    const { stdout, stderr } = await unsock(words);
    assertStrictEquals(stdout, "80.sock\n711\n", stderr);
  }));

Deno.test({
  name: "--private: two suites at once on one port do not meet",
  ignore: !need("python3"),
  fn: () =>
    withDir(async (dir) => {
      const suite = (name: string, other: string) =>
        unsock(inPrivate(dir, "python3", "-c", programText("suite"), name, other), { cwd: dir });
      const [one, two] = await Promise.all([suite("one", "two"), suite("two", "one")]);
      assertStrictEquals(one.stdout, "one\n", one.stderr);
      assertStrictEquals(two.stdout, "two\n", two.stderr);
      // A thread was in accept when its process ended: what removes the file then, ends after it (docs/limits.md).
      await until("both directories are gone", () => privates(`${dir}/s`).length === 0);
    }),
});

/** A daemon, with nothing of its caller's, that says that it is there and lives as long as nobody writes to a pipe. */
const DAEMON = 'mkfifo end; setsid sh -c "echo $UNSOCK_DIR >was; cat end" </dev/null >/dev/null 2>&1 &';

Deno.test({
  name: "--private: ends with the command, and the directory with the last daemon that it has left",
  ignore: !need("mkfifo"),
  fn: () =>
    withDir(async (dir) => {
      const script = `${DAEMON} while [ ! -s was ]; do sleep 0.01; done; exit 3`;
      const { code, stderr } = await unsock(inPrivate(dir, "sh", "-c", script), { cwd: dir });
      assertStrictEquals(code, 3, stderr);
      const directory = Deno.readTextFileSync(`${dir}/was`).trim();
      assert(await isThere(directory)(), "the daemon still has it");
      Deno.writeTextFileSync(`${dir}/end`, "\n");
      await until("the directory goes with the daemon", isGone(directory));
      await until("and the one that it was in", () => privates(`${dir}/s`).length === 0);
    }),
});

for (const engine of ["preload", "trap"]) {
  Deno.test({
    name:
      `--private: redis and nginx, left in the background, keep their loopback as long as one of them lives (${engine})`,
    ignore: !need(...DAEMON_PROGRAMS),
    fn: () =>
      withDir(async (dir) => {
        const command = ["sh", "-c", `echo $UNSOCK_DIR >${dir}/was; exec "$0"`, ...startDaemons(dir)];
        const { code, stdout, stderr } = await unsock([
          "run",
          "--engine",
          engine,
          ...inPrivate(dir, ...command).slice(1),
        ]);
        assertEquals([code, stdout], [0, "served"], stderr);
        const directory = Deno.readTextFileSync(`${dir}/was`).trim();
        const [redis = 0, nginx = 0] = daemonPids(dir);
        Deno.kill(nginx);
        await until("nginx has ended", async () => !await isThere(`/proc/${nginx}`)());
        const ping = ["redis-cli", "-p", "6379", "ping"];
        const asked = await run([libraryFile(), "run", "--dir", directory, "--", ...ping]);
        assertStrictEquals(asked.stdout, "PONG\n", asked.stderr);
        Deno.kill(redis);
        await until("the directory goes with the last daemon", isGone(directory));
      }),
  });
}

/** Says who it is, and stays. */
const STAYS = 'echo "$UNSOCK_DIR $$ $PPID" >was; exec sleep 1000';

async function startStaying(dir: string) {
  const unsocked = start([...unsockCommand(), ...inPrivate(dir, "sh", "-c", STAYS)], { cwd: dir });
  const was = await until("the command is there", async () => {
    const text = await Deno.readTextFile(`${dir}/was`).catch(() => "");
    return text.endsWith("\n") && text.trim().split(" ");
  });
  const [directory = "", command = "", keeper = ""] = was;
  return { unsocked, directory, command: Number(command), keeper: Number(keeper) };
}

Deno.test("--private: if unsock is killed, the command is killed and the directory removed", () =>
  withDir(async (dir) => {
    const { unsocked, directory, command } = await startStaying(dir);
    await using _ = unsocked;
    Deno.kill(unsocked.pid, "SIGKILL");
    assertStrictEquals((await unsocked.result(60_000)).signal, "SIGKILL");
    await until("the command is gone", () => !isAlive(command));
    await until("the directory is gone", isGone(directory));
  }));

for (const [how, sweep] of [["prune", ["prune"]], ["run", ["run", "--dir", "DIR", "true"]]] as const) {
  Deno.test(`--private: with all of unsock killed, the next ${how} removes the directory, not before the command has ended`, () =>
    withDir(async (dir) => {
      const { unsocked, directory, command, keeper } = await startStaying(dir);
      await using _ = unsocked;
      const words = how === "prune"
        ? [...sweep, "--dir", `${dir}/s`]
        : sweep.map((word) => word.replace("DIR", `${dir}/s`));
      try {
        Deno.kill(keeper, "SIGKILL");
        assertStrictEquals((await unsocked.status).code, 137);
        assertStrictEquals((await unsock(words)).code, 0);
        assert(await isThere(directory)(), "the command is still there");
      } finally {
        Deno.kill(command, "SIGKILL");
      }
      await until("the command is gone", () => !isAlive(command));
      if (how === "prune") {
        const stale = `${directory}/8000.sock`;
        await leaveStale(stale);
        const dry = await unsock([...words, "--dry-run"]);
        assertStrictEquals(dry.stdout, `would remove ${directory}\n`, dry.stderr);
        assert(await isThere(stale)(), "it removes nothing");
      }
      const { code, stdout, stderr } = await unsock(words);
      assertStrictEquals(code, 0, stderr);
      assertStrictEquals(stdout, how === "prune" ? `removed ${directory}\n` : "");
      assertEquals([...Deno.readDirSync(`${dir}/s`)], []);
    }));
}

Deno.test("--private: a directory in which another process serves stays until that process ends", () =>
  withDir(async (dir) => {
    const code =
      "import socket, sys; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(); print(1, flush=True); input()";
    const { unsocked, directory } = await startStaying(dir);
    await using _ = unsocked;
    const other = start(["python3", "-c", code, `${directory}/80.sock`], { stdin: "" });
    await using _other = start(["sh", "-c", `sleep 1000 | python3 -c '${code}' ${directory}/81.sock`]);
    await until("somebody serves", isThere(`${directory}/81.sock`));
    await other.result(60_000);
    Deno.kill(unsocked.pid, "SIGTERM");
    assertStrictEquals((await unsocked.result(60_000)).signal, "SIGTERM");
    assertEquals((await unsock(["prune", "--dir", `${dir}/s`])).code, 0);
    assert(await isThere(`${directory}/81.sock`)());
    await _other[Symbol.asyncDispose]();
    assertEquals((await unsock(["prune", "--dir", `${dir}/s`])).code, 0);
    assertEquals(privates(`${dir}/s`), []);
  }));

Deno.test({
  name: "--private: nothing of the caller's is held: a pipe that the command closes is closed",
  ignore: !need("timeout"),
  fn: () =>
    withDir(async (dir) => {
      const inner = "exec 0<&-; while [ ! -e freed ]; do sleep 0.01; done; echo freed";
      const script = `(timeout 50 yes; echo $? >freed) | $UNSOCK run --private --dir ${dir}/s -- sh -c '${inner}'`;
      const { stdout, stderr } = await shell(script, { cwd: dir });
      assertStrictEquals(stdout, "freed\n", stderr);
    }),
});

Deno.test({
  name: "--private: a terminal's stops, continuations and interrupts are those of the command alone",
  ignore: !need("python3"),
  fn: () =>
    withDir(async (dir) => {
      const driver = ["python3", fixture("terminal.py")];
      const command = ["python3", fixture("signals.py")];
      const plain = await run([...driver, ...command]);
      const unsocked = await run([...driver, ...unsockCommand(), ...inPrivate(dir, ...command)]);
      assertMatch(plain.stdout, /^told: foreground\nstopped by SIGTSTP\n.*\nended: 15\nleft: \[\]\n$/s, plain.stderr);
      assertStrictEquals(unsocked.stdout, plain.stdout, unsocked.stderr);
    }),
});

Deno.test({
  name: "--private: each signal comes once, to unsock alone or to its group",
  ignore: !need("python3"),
  fn: () =>
    withDir(async (dir) => {
      const sender = ["python3", "-c", programText("sender")];
      const command = ["python3", fixture("signals.py")];
      const plain = await run([...sender, ...command]);
      const unsocked = await run([...sender, ...unsockCommand(), ...inPrivate(dir, ...command)]);
      assertMatch(plain.stdout, /RTMIN\+1\n.*SIGHUP\n 0\n$/s, plain.stderr);
      assertStrictEquals(unsocked.stdout, plain.stdout, unsocked.stderr);
      assertEquals(privates(`${dir}/s`), []);
    }),
});

Deno.test({
  name: "--private: a command that begins a session gets its caller's signals, unless setsid stands before unsock",
  ignore: !need("bash", "setsid"),
  fn: () =>
    withDir(async (dir) => {
      const traps = 'trap "echo told; exit" HUP INT; trap "echo asked; exit" USR1';
      const command = `sh -c '${traps}; echo $$ >pid; while :; do sleep 0.02; done'`;
      const unsocked = `${unsockCommand().join(" ")} run --private --dir ${dir}/s --`;
      const answers: string[] = [];
      for (const before of ["setsid", `setsid ${unsocked}`, `${unsocked} setsid`]) {
        const ask = before.startsWith("setsid") ? "kill -USR1 $(cat pid)" : "";
        for (const signal of ["HUP", "INT"]) {
          const kill = `until [ -s pid ]; do sleep 0.02; done; kill -${signal} -$! 2>/dev/null; ${ask}`;
          const script = `set -m; rm -f pid; ${before} ${command} & ${kill}`;
          answers.push((await run(["bash", "-c", script], { cwd: dir })).stdout.trim());
        }
      }
      assertEquals(answers, ["asked", "asked", "asked", "asked", "told", "told"]);
    }),
});
