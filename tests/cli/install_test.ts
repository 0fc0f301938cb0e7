/** `unsock install`: everything in place, by itself, and gone again. */
import { assert, assertEquals, assertMatch, assertNotMatch, assertStrictEquals } from "@std/assert";
import * as path from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { unsockForEverybody } from "../support/everybody.ts";
import { run } from "../support/process.ts";
import { assertRecipesPreload } from "../support/recipes.ts";
import { namesInLibrary } from "../support/library.ts";
import { asNobody, NOBODY, whyNoOtherUser } from "../support/users.ts";
import { assertFails, isCompiled, unsock } from "./unsock.ts";

const ROOT = path.join(import.meta.dirname ?? ".", "..", "..");

function filesBelow(directory: string): string[] {
  const files: string[] = [];
  for (const entry of Deno.readDirSync(directory)) {
    const file = path.join(directory, entry.name);
    if (entry.isDirectory) files.push(...filesBelow(file));
    else files.push(file);
  }
  return files.sort();
}

/** Returns the files as printed: a copy of the source is one line. */
function shown(prefix: string, files: readonly string[]): string[] {
  const tree = path.join(prefix, "lib/unsock");
  return [...new Set(files.map((file) => file.startsWith(`${tree}/`) ? tree : file))];
}

Deno.test("install.sh puts an archive that lacks a directory in place, and removes it again", () =>
  withDir(async (dir) => {
    const [archive, prefix] = [path.join(dir, "archive"), path.join(dir, "usr")];
    Deno.mkdirSync(path.join(archive, "lib"), { recursive: true });
    Deno.writeTextFileSync(path.join(archive, "lib", "libunsock.so"), "the library");
    const script = path.join(archive, "install.sh");
    Deno.copyFileSync(path.join(ROOT, "packaging", "install.sh"), script);
    const installed = await run([script, "--prefix", prefix]);
    assertEquals([installed.code, installed.stderr], [0, ""], installed.stdout);
    const files = ["lib/libunsock.so", "share/unsock/installed"].map((file) => path.join(prefix, file));
    assertEquals(filesBelow(prefix), files);
    const record = Deno.readTextFileSync(path.join(prefix, "share/unsock/installed"));
    assertStrictEquals(record, "f lib/libunsock.so\nf share/unsock/installed\nd share/unsock\nd share\nd lib\nd .\n");
    assertStrictEquals((await run([script, "--uninstall", "--prefix", prefix])).code, 0);
    assertEquals(Array.from(Deno.readDirSync(dir), ({ name }) => name), ["archive"]);
  }));

const install = (...options: string[]) => unsock(["install", ...options], { timeoutMs: 120_000 });

Deno.test("install puts everything below the prefix, uninstall removes exactly that", async () => {
  await withDir(async (dir) => {
    const prefix = path.join(dir, "usr");
    for (let twice = 0; twice < 2; twice++) {
      const installed = await install("--prefix", prefix);
      assertStrictEquals(installed.code, 0, installed.stderr);
      const told = installed.stdout.trim().split("\n");
      assertMatch(told.pop() ?? "", /\/bin is not in PATH: /);
      assertMatch(told.pop() ?? "", /\/bin\/unsock is the library, .* all else is done by /);
      assertEquals(told.sort(), shown(prefix, filesBelow(prefix)));
    }
    const program = path.join(prefix, "bin", "unsock");
    const started = await run([program, "run", "--dir", path.join(dir, "s"), "--", "sh", "-c", "exit 5"]);
    assertStrictEquals(started.code, 5, started.stderr);
    const manual = Deno.readTextFileSync(path.join(prefix, "share/man/man1/unsock.1"));
    assertMatch(manual, /^\.B \\-\\-accept\\-convert <which>$/m);
    const libraryManual = Deno.readTextFileSync(path.join(prefix, "share/man/man7/libunsock.7"));
    for (const name of namesInLibrary("unsock_call_name")) {
      assertMatch(libraryManual, new RegExp(`[ \\n]${name}[,.]`), "a function that the manual does not name");
    }
    Deno.writeTextFileSync(path.join(prefix, "bin", "other"), "");
    assertStrictEquals((await install("--uninstall", "--prefix", prefix)).code, 0);
    assertEquals(filesBelow(dir), [path.join(prefix, "bin", "other")]);
    assertEquals([...Deno.readDirSync(prefix)].map(({ name }) => name), ["bin"], "no directory of its own is left");
  });
});

Deno.test("uninstall leaves the directories that were there before, and says where there is nothing to remove", () =>
  withDir(async (dir) => {
    Deno.mkdirSync(path.join(dir, "share/man"), { recursive: true });
    assertStrictEquals((await install("--prefix", dir)).code, 0);
    assertStrictEquals((await install("--uninstall", "--prefix", dir)).code, 0);
    assertEquals([...Deno.readDirSync(dir)].map(({ name }) => name), ["share"]);
    assertEquals([...Deno.readDirSync(path.join(dir, "share"))].map(({ name }) => name), ["man"]);
    assertStrictEquals(
      (await install("--uninstall", "--prefix", dir)).stdout,
      `nothing of unsock is installed below ${dir}\n`,
    );
  }));

Deno.test("install leaves a program that is not its own alone, but for --force, and changes nothing then", () =>
  withDir(async (dir) => {
    const program = path.join(dir, "bin", "unsock");
    Deno.mkdirSync(path.dirname(program));
    Deno.writeTextFileSync(program, "theirs");
    const refused = /install \S+\/bin\/unsock: exists already and .*: --force replaces it\n$/;
    assertFails(await install("--prefix", dir), 1, refused);
    assertEquals(filesBelow(dir), [program]);
    assertStrictEquals((await install("--force", "--prefix", dir)).code, 0);
    assertStrictEquals((await install("--prefix", dir)).code, 0, "now it is ours");
    Deno.removeSync(program);
    Deno.writeTextFileSync(program, "theirs");
    assertFails(await install("--prefix", dir), 1, refused);
    assertStrictEquals(Deno.readTextFileSync(program), "theirs");
  }));

Deno.test("install stands by itself: for every user, without the source tree, its cache or a network", {
  ignore: whyNoOtherUser() !== undefined,
}, () =>
  withDir(async (dir) => {
    Deno.chmodSync(dir, 0o755);
    const from = path.join(dir, "from");
    Deno.mkdirSync(from);
    const source = await unsockForEverybody(from);
    const prefix = path.join(dir, "usr");
    const script = `umask 077; exec ${source} install --prefix ${prefix}`;
    const installed = await run(["sh", "-c", script], { timeoutMs: 120_000 });
    assertStrictEquals(installed.code, 0, installed.stderr);
    Deno.removeSync(from, { recursive: true });
    const program = path.join(prefix, "bin", "unsock");
    const env = { PATH: "/usr/bin:/bin", HOME: "/nonexistent" };
    const home = path.join(dir, "s");
    Deno.mkdirSync(home);
    Deno.chownSync(home, 65534, 65534);
    const nobody = (...words: string[]) =>
      run(["unshare", "-n", ...asNobody([program, ...words])], { env, clearEnv: true, cwd: "/" });
    for (const words of [["--version"], ["ls", "--dir", home], ["self-test"], ["completions", "bash"]]) {
      const { code, stdout, stderr } = await nobody(...words);
      assertStrictEquals(code, 0, stdout + stderr);
      assertStrictEquals(stderr, "");
    }
    const library = path.join(prefix, "lib", "libunsock.so");
    for (const room of [[], ["--private"]]) {
      const { stdout, stderr } = await nobody("run", ...room, "--dir", home, "--", "sh", "-c", 'echo "$LD_PRELOAD"');
      assertStrictEquals(stdout, `${library}\n`, stderr);
      assertStrictEquals(stderr, "");
    }
    const { stdout } = await run(["grep", "-rlF", "-e", ROOT, "-e", "/_npx/", "--exclude=deno", prefix]);
    if (!isCompiled()) assertStrictEquals(stdout, "", "nothing leads back to where it came from");
  }));

Deno.test("the recipes of docs/recipes.md and libunsock(7) by the environment work with the installed library", () =>
  withDir(async (dir) => {
    const prefix = path.join(dir, ".local");
    assertStrictEquals((await install("--prefix", prefix)).code, 0);
    const env = { PATH: `${prefix}/bin:/usr/bin:/bin`, HOME: dir };
    const sh = (script: string) =>
      run(["sh", "-ec", script.replaceAll("/tmp/", `${dir}/`)], { env, clearEnv: true, cwd: dir });
    await assertRecipesPreload(path.join(prefix, "lib/libunsock.so"), sh);
  }));

Deno.test("the installed library reports in one line an error at which the runtime would panic", () =>
  withDir(async (dir) => {
    const prefix = path.join(dir, "usr");
    assertStrictEquals((await install("--prefix", prefix)).code, 0);
    const program = path.join(prefix, "bin", "unsock");
    const odd = (script: string) => run(["sh", "-c", script, program], { cwd: dir });
    assertFails(await odd(`"$0" ls "$(printf '\\355\\240\\200')"`), 2, /ls: an argument is no UTF-8: /);
    const gone = "mkdir gone; cd gone; rmdir ../gone;";
    assertFails(await odd(`${gone} "$0" ls`), 2, /ls: the working directory was removed: change to another/);
    const run_ = `"$0" run --dir ${dir}/s`;
    assertStrictEquals((await odd(`${gone} ${run_} true`)).code, 0);
    for (const options of ["", "--private"]) {
      const bytes = await odd(`${run_} ${options} printf %s "$(printf '\\377x')" | od -An -tx1`);
      assertStrictEquals(bytes.stdout.trim(), "ff 78", bytes.stderr);
      assert(!bytes.stderr.includes("panicked"));
    }
    assertNotMatch((await odd(`"$0" ls --dir ${dir}/é`)).stderr, /UTF-8/);
  }));

Deno.test("a program under unsock calls unsock as it is installed, through both doors", () =>
  withDir(async (dir) => {
    const prefix = path.join(dir, "usr");
    assertStrictEquals((await install("--prefix", prefix)).code, 0);
    const program = path.join(prefix, "bin", "unsock");
    const sockets = path.join(dir, "s");
    const script = [
      '"$0" path 80',
      '"$0" run --private -- sh -c "echo in a room"',
      `"$0" run --dir ${sockets} --map 80=/x/80.sock --dry-run -- true >&2`,
      'exec "$0" run -- echo inside',
    ];
    for (const engine of ["auto", "trap"]) {
      const words = ["run", "--dir", sockets, "--engine", engine, "--", "sh", "-ec", script.join(";"), program];
      const { code, stdout, stderr } = await run([program, ...words]);
      assertStrictEquals(code, 0, stderr);
      assertStrictEquals(stdout, `${sockets}/80.sock\nin a room\ninside\n`, stderr);
    }
  }));

Deno.test("root installs for everybody by a user's own installation, and gets a library that is root's", {
  ignore: whyNoOtherUser() !== undefined,
}, () =>
  withDir(async (dir) => {
    Deno.chmodSync(dir, 0o755);
    const [own, everybody, from] = ["own", "usr", "from"].map((name) => path.join(dir, name));
    Deno.mkdirSync(from ?? "");
    assertStrictEquals((await install("--prefix", own ?? "")).code, 0);
    assertStrictEquals((await run(["chown", "-R", `${NOBODY}:${NOBODY}`, own ?? ""])).code, 0);
    // An older one that root would trust is not what is to be installed.
    const installed = await run([path.join(own ?? "", "bin/unsock"), "install", "--prefix", everybody ?? ""], {
      env: { SUDO_UID: `${NOBODY}` },
      timeoutMs: 120_000,
    });
    assertStrictEquals(installed.code, 0, installed.stderr);
    const library = path.join(everybody ?? "", "lib/libunsock.so");
    assertEquals(Deno.readFileSync(library), Deno.readFileSync(path.join(own ?? "", "lib/libunsock.so")));
    assertStrictEquals(Deno.statSync(library).uid, 0);
    const { stdout, stderr } = await run([path.join(everybody ?? "", "bin/unsock"), "path", "--lib"]);
    assertStrictEquals(stdout, `${library}\n`, stderr);
    // One that is named is somebody's choice, and judged as ever.
    const named = await run([
      path.join(own ?? "", "bin/unsock"),
      "install",
      "--prefix",
      everybody ?? "",
      "--lib",
      path.join(own ?? "", "lib/libunsock.so"),
    ]);
    assertFails(named, 1, /belongs to nobody: use --lib/);
  }));

Deno.test("install reports if the shell does not find the installed program, or finds another first", () =>
  withDir(async (dir) => {
    const prefix = path.join(dir, "usr");
    const told = async (search: string) => {
      const { stdout, stderr } = await unsock(["install", "--prefix", prefix], {
        env: { PATH: search },
        timeoutMs: 120_000,
      });
      assertStrictEquals(stderr, "");
      return stdout.split("\n").filter((line) => line.includes("PATH"));
    };
    assertEquals(await told(`${prefix}/bin:/usr/bin:/bin`), []);
    assertEquals(await told(`/usr/bin:${prefix}/bin/`), []);
    assertEquals(await told("/usr/bin:/bin"), [
      `${prefix}/bin is not in PATH: export PATH="${prefix}/bin:$PATH", in ~/.profile for good`,
    ]);
    const other = path.join(dir, "other");
    Deno.mkdirSync(other);
    Deno.writeTextFileSync(path.join(other, "unsock"), "#!/bin/sh\n", { mode: 0o755 });
    assertEquals(await told(`${other}:${prefix}/bin:/usr/bin:/bin`), [`PATH finds ${other}/unsock first`]);
  }));

Deno.test("install says in one line where it cannot write", async () => {
  assertFails(await install("--prefix", "/proc/nowhere"), 1, /install \/proc\/nowhere: cannot be made: /);
});
