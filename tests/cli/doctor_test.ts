/** `unsock doctor`, `env`, `completions`, `self-test`: about this machine and this shell. */
import { assert, assertEquals, assertMatch, assertNotMatch, assertStrictEquals } from "@std/assert";
import * as path from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { assertFails, shell, unsock } from "./unsock.ts";

Deno.test("doctor finds nothing wrong here, and says which library it found", async () => {
  await withDir(async (dir) => {
    const result = await unsock(["doctor"], { env: { UNSOCK_DIR: path.join(dir, "s") } });
    assertStrictEquals(result.code, 0, result.stdout);
    assertMatch(result.stdout, /^(ok {3}|note )library \S+libunsock\S*\.so: version \d/m);
    assertNotMatch(result.stdout, /^FAIL/m);
  });
});

Deno.test("doctor reports settings that cannot be read and a directory of others", async () => {
  const settings = await unsock(["doctor"], { env: { UNSOCK_PORT: "0" } });
  assertStrictEquals(settings.code, 1);
  assertMatch(settings.stdout, /^FAIL settings: UNSOCK_PORT: /m);
  const directory = await unsock(["doctor", "--json"], { env: { UNSOCK_DIR: "/etc/passwd" } });
  assertStrictEquals(directory.code, 1);
  assert(JSON.parse(directory.stdout).some(({ level, text }: Record<string, string>) => level === "FAIL" && text));
  assertStrictEquals(
    JSON.parse(directory.stdout).find(({ level }: Record<string, string>) => level === "FAIL").key,
    "directory",
  );
});

Deno.test("doctor COMMAND follows it to what really runs", async () => {
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

Deno.test("doctor tells who listens, what is left over, and in which other directory somebody listens", () =>
  withDir(async (dir) => {
    const [here, there] = [path.join(dir, "here"), path.join(dir, "there")];
    for (const directory of [here, there]) Deno.mkdirSync(directory);
    using _here = Deno.listen({ transport: "unix", path: path.join(here, "8000.sock") });
    using _there = Deno.listen({ transport: "unix", path: path.join(there, "8001.sock") });
    const code = `Deno.listen({ transport: "unix", path: "${here}/8002.sock" }); Deno.kill(Deno.pid, "SIGKILL")`;
    await run([Deno.execPath(), "eval", code]);
    const { stdout } = await unsock(["doctor", "--dir", here, "sh"]);
    // A child that another test starts meanwhile has the listener too, until it executes.
    assertMatch(stdout, /^ok {3}listeners: 8000 \(.*\bdeno\[\d+\].*\)$/m);
    assertMatch(
      stdout,
      /^note \S+\/8002\.sock: left over: connections are refused: ECONNREFUSED\n {5}-> unsock prune/m,
    );
    assert(
      stdout.includes(`note another directory, ${there}: 8001\n     -> a client of these needs --dir ${there}\n`),
      stdout,
    );
  }));

Deno.test("env prints what a shell evaluates to what run sets", async () => {
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

Deno.test("env unsets what an option takes back", async () => {
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
