/** `unsock doctor`, `env`, `completions`, `self-test`: about this machine and this shell. */
import { assert, assertEquals, assertMatch, assertNotMatch, assertStrictEquals } from "@std/assert";
import * as path from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { unsockForEverybody } from "../support/everybody.ts";
import { run, type RunResult } from "../support/process.ts";
import { asNobody, NOBODY, whyNoOtherUser } from "../support/users.ts";
import { buildLinked } from "../support/static.ts";
import { findProgram, need } from "../support/programs.ts";
import { assertFails, isCompiled, shell, unsock, unsockCommand } from "./unsock.ts";

const WITHOUT_EXEC = path.join(import.meta.dirname ?? "", "..", "trap", "without_exec.c");

Deno.test("doctor finds nothing wrong here, and says which library it found", async () => {
  await withDir(async (dir) => {
    const result = await unsock(["doctor"], { env: { UNSOCK_DIR: path.join(dir, "s") } });
    assertStrictEquals(result.code, 0, result.stdout);
    assertMatch(result.stdout, /^(ok {3}|note )library \S+libunsock\S*\.so: version \d/m);
    assertNotMatch(result.stdout, /^FAIL/m);
  });
});

Deno.test({
  name: "doctor says whether programs may be rewritten, and that UNSOCK_PATCH=0, or the system, has each call trapped",
  ignore: !need("cc", "busybox"),
  fn: () =>
    withDir(async (dir) => {
      const env = { UNSOCK_DIR: path.join(dir, "s"), DENO_V8_FLAGS: "--jitless" };
      const allowed = await unsock(["doctor"], { env });
      assertMatch(allowed.stdout, /^ok {3}rewriting: the calls of static and Go programs are rewritten/m);
      const off = await unsock(["doctor"], { env: { ...env, UNSOCK_PATCH: "0" } });
      assertMatch(off.stdout, /^note UNSOCK_PATCH=0: each call .* is trapped.*\n {5}-> unset UNSOCK_PATCH$/m);
      if (isCompiled()) return; // its runtime takes no flags, and does not start there
      const refusing = await buildLinked(WITHOUT_EXEC, dir, "dynamic");
      const busybox = findProgram("busybox") ?? "";
      for (const words of [[], [busybox]]) {
        const { stdout } = await shell([refusing, "seccomp", "$UNSOCK doctor", ...words].join(" "), { env });
        assertMatch(
          stdout,
          /^note rewriting: changed code may not be executed \(Operation not permitted\): each call .* is trapped/m,
        );
      }
    }),
});

Deno.test("doctor reports settings that cannot be read and a directory of others", async () => {
  const settings = await unsock(["doctor"], { env: { UNSOCK_PORT: "0" } });
  assertStrictEquals(settings.code, 1);
  assertMatch(settings.stdout, /^FAIL settings: UNSOCK_PORT: /m);
  const command = await unsock(["doctor", "true"], { env: { UNSOCK_PORT: "0" } });
  assertMatch(command.stdout, /^FAIL settings: UNSOCK_PORT: /m);
  assertStrictEquals(command.code, 1);
  const overridden = await unsock(["doctor", "true", "--dir", "/tmp"], { env: { UNSOCK_DIR: "relative" } });
  assertNotMatch(overridden.stdout, /settings/, "run --dir would override it");
  const relative = await unsock(["doctor"], { env: { UNSOCK_DIR: "relative" } });
  assertStrictEquals(relative.stdout.match(/UNSOCK_DIR: /g)?.length, 1, relative.stdout);
  const directory = await unsock(["doctor", "--json"], { env: { UNSOCK_DIR: "/etc/passwd" } });
  assertStrictEquals(directory.code, 1);
  assert(JSON.parse(directory.stdout).some(({ level, text }: Record<string, string>) => level === "FAIL" && text));
  assertStrictEquals(
    JSON.parse(directory.stdout).find(({ level }: Record<string, string>) => level === "FAIL").key,
    "directory",
  );
});

Deno.test("doctor COMMAND follows the command to the program that finally runs", async () => {
  await withDir(async (dir) => {
    const script = path.join(dir, "script");
    Deno.writeTextFileSync(script, "#!/usr/bin/env sh\n", { mode: 0o755 });
    const good = await unsock(["doctor", script]);
    assertStrictEquals(good.code, 0, good.stdout);
    assertMatch(good.stdout, /^ok {3}\S+script: a script of \/usr\/bin\/env sh\nok {3}\S+sh: a dynamic program/m);
    const missing = await unsock(["doctor", "--", "no-such-command"]);
    assertStrictEquals(missing.code, 1);
    assertMatch(missing.stdout, /^FAIL command "no-such-command": not found/);
  });
});

Deno.test("doctor reports listeners, stale files, and other directories with listeners", () =>
  withDir(async (dir) => {
    const here = path.join(dir, "here");
    Deno.mkdirSync(here);
    // Doctor names few of many, in their order: other tests have private directories for a moment.
    const there = Deno.makeTempDirSync({ dir: "/tmp", prefix: ".u" });
    await using _gone = { [Symbol.asyncDispose]: () => Deno.remove(there, { recursive: true }) };
    using _here = Deno.listen({ transport: "unix", path: path.join(here, "8000.sock") });
    using _there = Deno.listen({ transport: "unix", path: path.join(there, "8001.sock") });
    const code = `Deno.listen({ transport: "unix", path: "${here}/8002.sock" }); Deno.kill(Deno.pid, "SIGKILL")`;
    await run([Deno.execPath(), "eval", code]);
    const { stdout } = await unsock(["doctor", "--dir", here, "sh"]);
    // A child that another test starts meanwhile has the listener too, until it executes.
    assertMatch(stdout, /^ok {3}listeners: 8000 \(.*\bdeno\b[^,()]*\[\d+\].*\)$/m);
    assertMatch(
      stdout,
      /^note \S+\/8002\.sock: stale: connections are refused: ECONNREFUSED\n {5}-> unsock prune/m,
    );
    // Others on this machine may have theirs.
    const [note = ""] = /^note (another directory, |\d+ other directories: ).*\n.*\n/m.exec(stdout) ?? [];
    assert(note.includes(`${there}: 8001`), stdout);
    if (note.startsWith("note another")) {
      assert(note.endsWith(`\n     -> a client of these needs --dir ${there}\n`), note);
    }
  }));

Deno.test("doctor says of other directories in one line, however many there are", () =>
  withDir(async (dir) => {
    const others = Array.from({ length: 30 }, (_, index) => path.join(dir, `d${index}`));
    const listeners = others.map((directory) => {
      Deno.mkdirSync(directory);
      return Deno.listen({ transport: "unix", path: path.join(directory, "8000.sock") });
    });
    try {
      for (const words of [[], ["8000"]]) {
        const { stdout } = await unsock(["doctor", "--dir", path.join(dir, "s"), ...words]);
        const lines = stdout.split("\n").filter((line) => line.includes(" other directories: "));
        assertStrictEquals(lines.length, 1, stdout);
        assertMatch(stdout, /other directories: .*\n {5}-> a client of these needs --dir DIRECTORY\n/);
      }
    } finally {
      for (const listener of listeners) listener.close();
    }
  }));

/** Root may write everywhere: an ordinary user's doctor. */
async function doctorOfNobody(dir: string, ...words: string[]): Promise<RunResult> {
  const place = path.join(dir, "unsock");
  Deno.mkdirSync(place);
  const program = await unsockForEverybody(place);
  return await run(asNobody([program, "doctor", ...words]), { cwd: "/" });
}

Deno.test({
  name: "doctor fails for the user's own directory without write permission, and only notes another user's",
  ignore: whyNoOtherUser() !== undefined,
  fn: () =>
    withDir(async (dir) => {
      Deno.chmodSync(dir, 0o755);
      const [own, others] = [path.join(dir, "own"), path.join(dir, "others")];
      for (const directory of [own, others]) Deno.mkdirSync(directory);
      Deno.chmodSync(own, 0o555);
      Deno.chownSync(own, NOBODY, NOBODY);
      Deno.chmodSync(others, 0o755);
      const failed = await doctorOfNobody(dir, "--dir", own);
      assertMatch(
        failed.stdout,
        /^FAIL directory \S+\/own: yours, mode 0555: you may not write to it\n {5}-> .*chmod u\+rwx /m,
      );
      assertStrictEquals(failed.code, 1);
      const client = await run(asNobody([path.join(dir, "unsock/unsock"), "doctor", "--dir", others]), { cwd: "/" });
      assertMatch(client.stdout, /^note directory \S+\/others: root's, mode 0755: you may not write to it\n/m);
      assertStrictEquals(client.code, 0, client.stdout);
      const unmade = await run(asNobody([path.join(dir, "unsock/unsock"), "doctor", "--dir", `${others}/s`]), {
        cwd: "/",
      });
      assertMatch(
        unmade.stdout,
        /^FAIL directory \S+\/others\/s: cannot be made: you may not make it in \S+\/others\n/m,
      );
    }),
});

Deno.test({
  name: "doctor reports a low limit of descriptors",
  ignore: !need("prlimit"),
  fn: async () => {
    const limited = await run(["prlimit", "--nofile=1024", ...unsockCommand(), "doctor"]);
    assertMatch(limited.stdout, /descriptors: a process may have 1024 \(ulimit -Hn\)[^]*expose --http needs two/);
    const enough = await run(["prlimit", "--nofile=4096", ...unsockCommand(), "doctor"]);
    assert(!enough.stdout.includes("descriptors:"), enough.stdout);
  },
});

Deno.test("doctor fails for a directory that cannot be made, with advice", () =>
  withDir(async (dir) => {
    const missing = await unsock(["doctor", "--dir", path.join(dir, "a/b/c")]);
    assertMatch(
      missing.stdout,
      /^FAIL directory \S+: cannot be made: \S+\/a\/b does not exist\n {5}-> .*mkdir -p \S+\/a\/b/m,
    );
    assertStrictEquals(missing.code, 1);
    Deno.symlinkSync("nowhere", path.join(dir, "link"));
    const link = await unsock(["doctor", "--dir", path.join(dir, "link")]);
    assertMatch(link.stdout, /^FAIL directory \S+\/link: cannot be made: it is a dangling link$/m);
    const fine = await unsock(["doctor", "--dir", path.join(dir, "s")]);
    assertMatch(fine.stdout, /^ok {3}directory \S+\/s: will be made/m);
  }));

Deno.test("doctor reports a control file whose target has no server, and none whose target has one", () =>
  withDir(async (dir) => {
    const [dead, stale, alive] = ["dead", "stale", "alive"].map((name) => path.join(dir, `${name}.sock`));
    using _alive = Deno.listen({ transport: "unix", path: alive ?? "" });
    const code = `Deno.listen({ transport: "unix", path: "${stale}" }); Deno.kill(Deno.pid, "SIGKILL")`;
    await run([Deno.execPath(), "eval", code]);
    for (const [port, file] of [["1", dead], ["2", stale], ["3", alive]] as const) {
      await unsock(["make-control", "--dir", dir, "--port", port, "--unix", file ?? ""]);
    }
    const { stdout } = await unsock(["doctor", "--dir", dir]);
    assertMatch(
      stdout,
      /^note \S+\/1\.sock: .*dead\.sock.*: no server listens: no such file\n {5}-> clients are refused /m,
    );
    assertMatch(stdout, /^note \S+\/2\.sock: .*stale\.sock.*: no server listens: stale\n/m);
    assertNotMatch(stdout, /3\.sock: .*no server listens/);
  }));

Deno.test("doctor PORT finds the server that was started without unsock, and listens on real TCP or UDP", () =>
  withDir(async (dir) => {
    using server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = server.addr as Deno.NetAddr;
    const sockets = path.join(dir, "s");
    for (const made of [false, true]) {
      if (made) Deno.mkdirSync(sockets);
      const lost = await unsock(["doctor", "--dir", sockets, `${port}`]);
      const real = new RegExp(
        `^FAIL on real TCP, without unsock: ${port} \\(.*deno\\b[^,()]*\\[${Deno.pid}\\].*\\)\\n {5}-> .*unsock run`,
        "m",
      );
      assertMatch(lost.stdout, real);
      assertMatch(lost.stdout, new RegExp(`^FAIL nobody listens at ${port}`, "m"));
      assertStrictEquals(lost.code, 1);
      const any = await unsock(["doctor", "--dir", sockets]);
      // Other tests have listeners, too.
      assertMatch(any.stdout, /^note on real TCP, without unsock: \d/m);
      assertStrictEquals(any.code, 0, any.stdout);
    }
    assertNotMatch((await unsock(["doctor", "--dir", sockets, `${port}/udp`])).stdout, /on real/);
    using _found = Deno.listen({ transport: "unix", path: path.join(sockets, `${port}.sock`) });
    for (const words of [`${port}`, `${port}@127.0.0.1`]) {
      const found = await unsock(["doctor", "--dir", sockets, words]);
      assertMatch(found.stdout, new RegExp(`^ok   listeners: ${port} \\(`, "m"));
      assertStrictEquals(found.code, 0, found.stdout);
    }
    assertFails(await unsock(["doctor", "99999"]), 2, /PORT: not a port from 1 to 65535/);
  }));

Deno.test("env prints lines that set the same variables in a shell as run sets", async () => {
  await withDir(async (dir) => {
    const sockets = path.join(dir, "it's here");
    const options = `--dir "$D" --port 80 --log=x.log`;
    const env = { D: sockets };
    const evaluated = await shell(`eval "$($UNSOCK env ${options})"; env`, { cwd: dir, env });
    const started = await shell(`$UNSOCK run ${options} -- env`, { cwd: dir, env });
    const relevant = (text: string) =>
      text.split("\n").filter((line) => /^(UNSOCK_(?!=)|LD_PRELOAD)/.test(line)).sort();
    assertEquals(relevant(evaluated.stdout).filter((l) => !l.startsWith("UNSOCK=")), relevant(started.stdout));
    assert(evaluated.stdout.includes(`UNSOCK_DIR=${sockets}\n`), evaluated.stderr);
  });
});

Deno.test("env writes the same variables for a systemd unit, for docker and as JSON as for a shell", () =>
  withDir(async (dir) => {
    const log = `${dir}/100% "it's\\log"`;
    const words = ["env", "--dir", path.join(dir, "s"), `--log=${log}`];
    const env = { UNSOCK_FALLBACK: "1" };
    const json = JSON.parse((await unsock([...words, "--json"], { env })).stdout);
    assertStrictEquals(json.UNSOCK_LOG, log);
    assertMatch(json.LD_PRELOAD, /libunsock(?:-\w+)?\.so$/); // the binary has it by its hash
    assertEquals(JSON.parse((await unsock([...words, "--format=json"], { env })).stdout), json);
    const docker = (await unsock([...words, "--format", "docker"], { env })).stdout;
    assertEquals(docker, Object.entries(json).map(([name, value]) => `${name}=${value}\n`).join(""));
    const systemd = (await unsock([...words, "--format=systemd"], { env })).stdout.trim().split("\n");
    assertStrictEquals(systemd.length, Object.keys(json).length);
    assert(systemd.includes(String.raw`Environment="UNSOCK_LOG=${dir}/100%% \"it's\\log\""`), systemd.join("\n"));
    assertFails(
      await unsock([...words, "--format", "csh"]),
      2,
      /--format: not one of sh, systemd, docker, json: "csh"/,
    );
    assertFails(await unsock(["env", "--off", "--json"]), 2, /--off prints lines for a shell only/);
  }));

Deno.test("run and env name a missing group, and the command that makes it", async () => {
  for (const [command, code] of [["run", 125], ["env", 2]] as const) {
    const refused = await unsock([command, "--group", "no-such-group", ...command === "run" ? ["true"] : []]);
    assertFails(
      refused,
      code,
      /--group: there is no such group: "no-such-group": root makes it first, groupadd --system /,
    );
  }
});

Deno.test("env unsets the variables that an option turns off", async () => {
  await withDir(async (dir) => {
    const env = { UNSOCK_DIR: path.join(dir, "s"), UNSOCK_ACCEPT_CONVERT_ALL: "1" };
    const { stdout } = await unsock(["env", "--accept-convert", "none"], { env });
    assertMatch(stdout, /^unset UNSOCK_ACCEPT_CONVERT_ALL$/m);
  });
});

Deno.test("completions knows its shells, and bash takes its script", async () => {
  assertFails(await unsock(["completions", "tcsh"]), 2, /bash, zsh, fish/);
  for (const name of ["zsh", "fish"]) assertMatch((await unsock(["completions", name])).stdout, /make-control/);
  await withDir(async (dir) => {
    const file = path.join(dir, "unsock.bash");
    Deno.writeTextFileSync(file, (await unsock(["completions", "bash"])).stdout);
    const typed = "COMP_LINE='unsock run --d' COMP_POINT=14 COMP_WORDS=(unsock run --d) COMP_CWORD=2";
    const complete = `. '${file}'; ${typed}; _unsock; echo "\${COMPREPLY[*]}"`;
    const { stdout, stderr } = await run(["bash", "-c", complete]);
    assertStrictEquals(stdout, "--dir --dir-mode --dry-run\n", stderr);
  });
});

Deno.test("self-test passes on this machine and leaves nothing", async () => {
  await withDir(async (dir) => {
    const result = await unsock(["self-test"], { env: { TMPDIR: dir } });
    assertStrictEquals(result.code, 0, result.stdout + result.stderr);
    assert((result.stdout.match(/^ok /gm) ?? []).length >= 10, result.stdout);
    assertEquals([...Deno.readDirSync(dir)], []);
  });
});

Deno.test("self-test with a library that is none fails in one line", async () => {
  await withDir(async (dir) => {
    const file = path.join(dir, "x.so");
    Deno.writeTextFileSync(file, "");
    assertFails(await unsock(["self-test", "--lib", file]), 1, /x\.so: not a shared object/);
  });
});
