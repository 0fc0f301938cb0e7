/** `--here`: the directory of the git checkout, for every command, and the name that it gets. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { basename } from "@std/path/posix";
import { dnsLabel } from "../../lib/system/dns_label.ts";
import { listLoopbacks, type Loopback } from "../../lib/sockets/loopbacks.ts";
import { addWorktree, git, makeRepository } from "../support/checkout.ts";
import { withDir } from "../support/dir.ts";
import { run, type RunResult } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { unsockForEverybody } from "../support/everybody.ts";
import { libraryFile } from "../support/library.ts";
import { asUser, CLIENT, STRANGER, whyNoOtherUser } from "../support/users.ts";
import { assertFails, byLibrary, unsock } from "./unsock.ts";

const ignore = !need("git", "python3");
const isAlone = whyNoOtherUser() !== undefined;

/** A user at work: the directory of all checkouts, and the run-time directory. */
class Desk {
  readonly dir: string;
  readonly #env: Record<string, string>;

  constructor(dir: string) {
    this.dir = dir;
    Deno.mkdirSync(`${dir}/r`, { mode: 0o700 });
    this.#env = { XDG_RUNTIME_DIR: `${dir}/r` };
  }

  /** Runs a command of the library, with --here, in a directory below. */
  async here(cwd: string, command: readonly string[], env: Record<string, string> = {}): Promise<RunResult> {
    const [name = "", ...rest] = command;
    return await byLibrary([name, "--here", ...rest], { cwd: `${this.dir}/${cwd}`, env: { ...this.#env, ...env } });
  }

  /** The same by the command line. */
  async unsockHere(cwd: string, command: readonly string[]): Promise<RunResult> {
    const [name = "", ...rest] = command;
    return await unsock([name, "--here", ...rest], { cwd: `${this.dir}/${cwd}`, env: this.#env });
  }

  /** The directory of the checkout there. */
  async directory(cwd: string, env: Record<string, string> = {}): Promise<string> {
    const { stdout, stderr } = await this.here(cwd, ["path", "1"], env);
    assertStrictEquals(stderr, "");
    return stdout.replace(/\/1\.sock\n$/, "");
  }

  /** Starts something in the checkout there. */
  async start(cwd: string, ...options: string[]): Promise<void> {
    const { code, stderr } = await this.here(cwd, ["run", ...options, "--", "true"]);
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
  }

  /** The names of loopbacks that are shown, with their directories. */
  names(): Record<string, string> {
    return this.#names(({ isSecondName }) => !isSecondName);
  }

  /** The names that lead there, too. */
  secondNames(): Record<string, string> {
    return this.#names(({ isSecondName }) => isSecondName);
  }

  #names(is: (loopback: Loopback) => boolean): Record<string, string> {
    const base = `${this.dir}/r/unsock`;
    const found = listLoopbacks({ base, extra: base }).filter(({ path }) => path !== base).filter(is);
    return Object.fromEntries(found.map(({ name, path }) => [name, path]));
  }
}

function test(name: string, fn: (desk: Desk) => Promise<void>): void {
  Deno.test({ name: `--here: ${name}`, ignore, fn: () => withDir((dir) => fn(new Desk(dir))) });
}

test("the directory is in git's own of the checkout, from any folder below it", async (desk) => {
  const { dir } = desk;
  await makeRepository(`${dir}/shop`);
  await addWorktree(`${dir}/shop`, `${dir}/feature`, "feature");
  await git(dir, "clone", "-q", "--bare", "shop", "bare.git");
  await addWorktree(`${dir}/bare.git`, `${dir}/ofbare`, "ofbare");
  await makeRepository(`${dir}/part`);
  await git(`${dir}/shop`, "submodule", "--quiet", "add", `${dir}/part`, "libs/part");
  await git(dir, "clone", "-q", `--separate-git-dir=${dir}/apart`, "part", "separate");
  for (const folder of ["shop", "feature", "ofbare", "shop/libs/part", "separate"]) {
    Deno.mkdirSync(`${dir}/${folder}/a/b`, { recursive: true });
  }
  const expected: Record<string, string> = {
    "shop": "shop/.git",
    "feature": "shop/.git/worktrees/feature",
    "ofbare": "bare.git/worktrees/ofbare",
    "shop/libs/part": "shop/.git/modules/libs/part",
    "separate": "apart",
  };
  for (const [folder, gits] of Object.entries(expected)) {
    assertStrictEquals(await desk.directory(folder), `${dir}/${gits}/unsock`);
    assertStrictEquals(await desk.directory(`${folder}/a/b`), `${dir}/${gits}/unsock`);
    const told = (await git(`${dir}/${folder}`, "rev-parse", "--absolute-git-dir")).trim();
    assertStrictEquals(told, `${dir}/${gits}`, "git says the same");
  }
  Deno.symlinkSync("shop", `${dir}/link`);
  assertStrictEquals(await desk.directory("link/a"), `${dir}/shop/.git/unsock`);
});

test("git's own files may end their lines as on Windows", async (desk) => {
  const { dir } = desk;
  await makeRepository(`${dir}/shop`);
  await addWorktree(`${dir}/shop`, `${dir}/feature`, "feature");
  const own = `${dir}/shop/.git/worktrees/feature`;
  for (const file of ["commondir", "gitdir", "HEAD"]) {
    Deno.writeTextFileSync(`${own}/${file}`, Deno.readTextFileSync(`${own}/${file}`).replace("\n", "\r\n"));
  }
  await desk.start("feature");
  assertEquals(desk.names(), { "feature": `${own}/unsock` });
  assertEquals(desk.secondNames(), { "shop-feature": `${own}/unsock` });
});

test("a directory is no loopback if the path of a socket in it is longer than the kernel's", ({ dir }) => {
  const fits = (name: string) => {
    const base = `${dir}/${name}/x`;
    Deno.mkdirSync(base, { recursive: true });
    return listLoopbacks({ base, extra: base }).length;
  };
  const room = 95 - dir.length - "//x".length;
  assertStrictEquals(fits("e".repeat(room)), 1);
  assertStrictEquals(fits("é".repeat(Math.ceil((room + 1) / 2))), 0);
  return Promise.resolve();
});

test("GIT_DIR decides, with and without GIT_WORK_TREE", async (desk) => {
  const { dir } = desk;
  await makeRepository(`${dir}/shop`);
  await addWorktree(`${dir}/shop`, `${dir}/feature`, "feature");
  const shop = `${dir}/shop/.git/unsock`;
  assertStrictEquals(await desk.directory("feature", { GIT_DIR: `${dir}/shop/.git` }), shop);
  assertStrictEquals(await desk.directory("feature", { GIT_DIR: "../shop/.git/", GIT_WORK_TREE: dir }), shop);
  const ofFile = await desk.directory(".", { GIT_DIR: "feature/.git" });
  assertStrictEquals(ofFile, `${dir}/shop/.git/worktrees/feature/unsock`);
  assertFails(await desk.here("shop", ["path", "1"], { GIT_DIR: "/" }), 2, /GIT_DIR: not a git directory: "\/"/);
});

test("every command finds the same directory", async (desk) => {
  const { dir } = desk;
  await makeRepository(`${dir}/shop`);
  const directory = `${dir}/shop/.git/unsock`;
  const { stdout } = await desk.here("shop", ["run", "--", "sh", "-c", "echo $UNSOCK_DIR"]);
  assertStrictEquals(stdout, `${directory}\n`);
  const listed = await desk.unsockHere("shop", ["ls"]);
  assertMatch(listed.stdout + listed.stderr, new RegExp(`^${directory}: `));
  assertMatch((await desk.unsockHere("shop", ["env", "--json"])).stdout, new RegExp(`"UNSOCK_DIR": "${directory}"`));
  assertMatch((await desk.unsockHere("shop", ["doctor"])).stdout, new RegExp(`^ok +directory ${directory}: `, "m"));
  assertMatch((await desk.unsockHere("shop", ["doctor", "80"])).stdout, new RegExp(`nobody serves 80 in ${directory}`));
  assertMatch(
    (await desk.unsockHere("shop", ["doctor", "cat"])).stdout,
    new RegExp(`^ok +directory ${directory}`, "m"),
  );
  assertMatch(
    (await desk.unsockHere("shop", ["unit", "--", "cat"])).stdout,
    new RegExp(`UNSOCK_DIR=${directory}$`, "m"),
  );
  assertMatch((await desk.here("shop", ["wait", "80", "--timeout", "0"])).stderr, new RegExp(` in ${directory}: `));
  assertStrictEquals((await desk.here("shop", ["wait", "80", "--gone"])).code, 0);
  const program = "import os, socket; s = socket.socket(); s.bind(('127.0.0.1', 80)); os.kill(os.getpid(), 9)";
  await desk.here("shop", ["run", "--", "python3", "-c", program]);
  assertStrictEquals((await desk.here("shop", ["prune"])).stdout, `removed ${directory}/80.sock\n`);
  Deno.writeTextFileSync(`${dir}/shop/.gitignore`, "");
  assertStrictEquals((await git(`${dir}/shop`, "status", "--porcelain")).trim(), "?? .gitignore");
});

test("a run inside a run is the same loopback, and --private is one of its own in it, without the name", async (desk) => {
  const { dir } = desk;
  await makeRepository(`${dir}/shop`);
  const again = 'exec "$LD_PRELOAD" run --here -- sh -c "echo \\$UNSOCK_DIR"';
  const nested = await desk.here("shop", ["run", "--", "sh", "-c", again]);
  assertEquals([nested.code, nested.stderr, nested.stdout], [0, "", `${dir}/shop/.git/unsock\n`]);
  const alone = await desk.here("shop", ["run", "--private", "--", "sh", "-c", "echo $UNSOCK_DIR"]);
  assertMatch(alone.stdout, new RegExp(`^${dir}/shop/.git/unsock/private/[0-9a-f]+\n$`));
  assertEquals(desk.names(), { shop: `${dir}/shop/.git/unsock` });
});

test("the name is the worktree's branch, of the main checkout the repository's folder, as a DNS label", async (desk) => {
  const { dir } = desk;
  await makeRepository(`${dir}/Shop_App`);
  await addWorktree(`${dir}/Shop_App`, `${dir}/one`, "feature/JIRA-12_Fix--it-");
  await addWorktree(`${dir}/Shop_App`, `${dir}/two`, `${"long-".repeat(20)}x`);
  await addWorktree(`${dir}/Shop_App`, `${dir}/three`, "日本");
  await addWorktree(`${dir}/Shop_App`, `${dir}/On a commit`);
  await makeRepository(`${dir}/日本`);
  for (const folder of ["Shop_App", "one", "two", "three", "On a commit", "日本"]) await desk.start(folder);
  const inside = (name: string) => `${dir}/Shop_App/.git/worktrees/${name}/unsock`;
  assertEquals(desk.names(), {
    "shop-app": `${dir}/Shop_App/.git/unsock`,
    "feature-jira-12-fix-it": inside("one"),
    [`${"long-".repeat(12)}lon`]: inside("two"),
    "three": inside("three"),
    "on-a-commit": inside("On-a-commit"),
    "checkout": `${dir}/日本/.git/unsock`,
  });
  const texts = ["Shop_App", "feature/JIRA-12_Fix--it-", `${"long-".repeat(20)}x`, "日本", "On-a-commit"];
  const labels = ["shop-app", "feature-jira-12-fix-it", `${"long-".repeat(12)}lon`, "", "on-a-commit"];
  assertEquals(texts.map(dnsLabel), labels, "the command line has the same rule");
});

test("a name is unique: a later checkout has its repository's name before it, and then a number", async (desk) => {
  const { dir } = desk;
  for (const shop of ["a/shop", "b/shop", "c/store"]) await makeRepository(`${dir}/${shop}`);
  await addWorktree(`${dir}/a/shop`, `${dir}/a/fix`, "fix");
  await addWorktree(`${dir}/b/shop`, `${dir}/b/fix`, "fix");
  await addWorktree(`${dir}/c/store`, `${dir}/c/fix`, "fix");
  await makeRepository(`${dir}/d/shop`);
  await addWorktree(`${dir}/d/shop`, `${dir}/d/fix`, "fix");
  for (const one of ["a/shop", "b/shop", "a/fix", "b/fix", "c/fix", "d/fix", "a/shop", "b/fix"]) await desk.start(one);
  const [a, b, c] = [`${dir}/a/shop/.git`, `${dir}/b/shop/.git`, `${dir}/c/store/.git`];
  assertEquals(desk.names(), {
    "shop": `${a}/unsock`,
    "b-shop": `${b}/unsock`,
    "fix": `${a}/worktrees/fix/unsock`,
    "shop-fix": `${b}/worktrees/fix/unsock`,
    "store-fix": `${c}/worktrees/fix/unsock`,
    "shop-fix-2": `${dir}/d/shop/.git/worktrees/fix/unsock`,
  });
  assertEquals(desk.secondNames(), { "a-shop": `${a}/unsock` });
});

test("the name follows the branch, at once and for running servers; a directory of the default one keeps its own", async (desk) => {
  const { dir } = desk;
  await makeRepository(`${dir}/shop`);
  await addWorktree(`${dir}/shop`, `${dir}/tree`, "fix");
  await desk.start("tree");
  const tree = `${dir}/shop/.git/worktrees/tree/unsock`;
  assertEquals(desk.names(), { fix: tree });
  await git(`${dir}/tree`, "switch", "-q", "-c", "other");
  assertEquals(desk.names(), { other: tree });
  Deno.mkdirSync(`${dir}/r/unsock/other`);
  assertEquals(desk.names(), { "other": `${dir}/r/unsock/other`, "shop-other": tree });
  await git(`${dir}/shop`, "worktree", "remove", "--force", `${dir}/tree`);
  assertEquals(desk.names(), { other: `${dir}/r/unsock/other` });
  const { stdout } = await byLibrary(["prune"], { env: { XDG_RUNTIME_DIR: `${dir}/r` } });
  assertMatch(stdout, new RegExp(`^removed ${dir}/r/unsock/\\.checkouts/[0-9a-f]{16}\\.git\n$`));
  assertEquals([...Deno.readDirSync(`${dir}/r/unsock/.checkouts`)], []);
});

test("--name says another name, and the checkout's leads there, too", async (desk) => {
  await makeRepository(`${desk.dir}/shop`);
  const directory = `${desk.dir}/shop/.git/unsock`;
  await desk.start("shop");
  await desk.start("shop", "--name", "mine");
  await desk.start("shop");
  assertEquals(desk.names(), { mine: directory });
  assertEquals(Object.keys(desk.secondNames()).toSorted(), [`${basename(desk.dir)}-shop`, "shop"].toSorted());
});

test("a hostile file of git's makes no name, and blocks nobody", async (desk) => {
  const { dir } = desk;
  await makeRepository(`${dir}/shop`);
  await addWorktree(`${dir}/shop`, `${dir}/tree`, "fix");
  await desk.start("tree");
  const git = `${dir}/shop/.git/worktrees/tree`;
  for (
    const text of ["ref: refs/heads/a\nb\n", "ref: refs/heads/.invalid\n", "", "x".repeat(5000), "ref: refs/heads/\0"]
  ) {
    Deno.writeTextFileSync(`${git}/HEAD`, text);
    assertEquals(Object.keys(desk.names()), ["tree"]);
  }
  Deno.removeSync(`${git}/HEAD`);
  await run(["mkfifo", `${git}/HEAD`]);
  assertEquals(Object.keys(desk.names()), ["tree"]);
  Deno.writeTextFileSync(`${git}/gitdir`, "/\n");
  assertEquals(Object.keys(desk.names()), ["checkout"]);
});

test("env makes the checkout known, too, and a default directory that cannot be used is no error", async (desk) => {
  const { dir } = desk;
  await makeRepository(`${dir}/shop`);
  assertStrictEquals((await desk.unsockHere("shop", ["env"])).code, 0);
  assertEquals(desk.names(), { shop: `${dir}/shop/.git/unsock` });
  await Deno.remove(`${dir}/r/unsock`, { recursive: true });
  Deno.writeTextFileSync(`${dir}/r/unsock`, "");
  await desk.start("shop");
});

test("prune does not follow a link in the place of the checkouts' directory", async ({ dir }) => {
  Deno.mkdirSync(`${dir}/r/unsock`, { recursive: true, mode: 0o700 });
  Deno.mkdirSync(`${dir}/elsewhere`);
  Deno.symlinkSync(`${dir}/elsewhere`, `${dir}/r/unsock/.checkouts`);
  Deno.symlinkSync(`${dir}/gone`, `${dir}/elsewhere/0123456789abcdef.git`);
  assertEquals((await byLibrary(["prune"], { env: { XDG_RUNTIME_DIR: `${dir}/r` } })).stdout, "");
  assertEquals([...Deno.readDirSync(`${dir}/elsewhere`)].length, 1);
});

test("a checkout with too long a path has a directory that every command finds, until prune removes it", async (desk) => {
  const { dir } = desk;
  const long = "long-".repeat(16);
  await makeRepository(`${dir}/${long}`);
  Deno.mkdirSync(`${dir}/${long}/a`);
  const directory = await desk.directory(long);
  assertMatch(directory, new RegExp(`^${dir}/r/unsock/\\.checkouts/[0-9a-f]{16}$`));
  assertStrictEquals(await desk.directory(`${long}/a`), directory);
  await desk.start(`${long}/a`);
  assertEquals(desk.names(), { [`${"long-".repeat(12)}lon`]: directory });
  assertStrictEquals(Deno.readLinkSync(`${directory}.git`), `${dir}/${long}/.git`);
  assertStrictEquals((Deno.statSync(directory).mode ?? 0) & 0o7777, 0o700);
  const prune = async (...options: string[]) =>
    await byLibrary(["prune", ...options], { env: { XDG_RUNTIME_DIR: `${dir}/r` } });
  assertEquals((await prune()).stdout, "");
  Deno.writeTextFileSync(`${directory}/left`, "");
  await Deno.remove(`${dir}/${long}`, { recursive: true });
  assertEquals((await prune("--dry-run")).stdout, `would remove ${directory}\n`);
  assertEquals((await prune()).stdout, `removed ${directory}\n`);
  assertEquals([...Deno.readDirSync(`${dir}/r/unsock/.checkouts`)], []);
  assertEquals(desk.names(), {});
});

test("a checkout whose path is not UTF-8 has a directory that every command can print", async (desk) => {
  const { dir } = desk;
  await makeRepository(`${dir}/shop`);
  await run(["sh", "-c", `mv shop "$(printf 'caf\\351')"`], { cwd: dir });
  const here = `cd caf* && exec "$0" "$1" --here "$2"`;
  const env = { XDG_RUNTIME_DIR: `${dir}/r` };
  const path = await run(["sh", "-c", here, libraryFile(), "path", "1"], { cwd: dir, env });
  assertMatch(path.stdout, new RegExp(`^${dir}/r/unsock/\\.checkouts/[0-9a-f]{16}/1\\.sock\n$`));
  assertStrictEquals((await run(["sh", "-c", here, libraryFile(), "run", "true"], { cwd: dir, env })).code, 0);
  assertEquals(Object.values(desk.names()), [path.stdout.replace(/\/1\.sock\n$/, "")]);
});

test("outside of a checkout one line says so, and what to type", async (desk) => {
  const { dir } = desk;
  Deno.mkdirSync(`${dir}/a/.git`, { recursive: true });
  const why = new RegExp(
    `^unsock: --here: ${dir}/a is in no git checkout: change to one, or name a directory with --dir\n$`,
  );
  assertFails(await desk.here("a", ["run", "--", "true"]), 125, why);
  for (const command of [["path", "1"], ["wait", "1"], ["prune"]]) assertFails(await desk.here("a", command), 2, why);
  assertFails(await desk.here("a", ["expose", "1"]), 1, why);
  for (const command of [["ls"], ["env"], ["unit", "--", "cat"]]) {
    assertFails(await desk.unsockHere("a", command), 2, why);
  }
  assertMatch((await desk.unsockHere("a", ["doctor"])).stdout, /^FAIL .*is in no git checkout/m);
  await makeRepository(`${dir}/shop`);
  const both = await desk.here("shop", ["run", "--dir", "/tmp", "--", "true"]);
  assertFails(both, 125, /--here and --dir exclude each other: leave out one/);
});

test("what is no checkout of git's is told, not passed over", async (desk) => {
  const { dir } = desk;
  await makeRepository(`${dir}/shop`);
  const broken: Record<string, string> = {
    "nothing": "",
    "other": "something else\n",
    "missing": "gitdir: ../missing\n",
    "no-repository": "gitdir: ..\n",
    "nul": "gitdir: ../.git\0\n",
    "huge": `gitdir: ${"x".repeat(100_000)}`,
  };
  for (const [name, text] of Object.entries(broken)) {
    const folder = `${dir}/shop/${name}`;
    Deno.mkdirSync(folder);
    Deno.writeTextFileSync(`${folder}/.git`, text);
    const result = await desk.here(`shop/${name}`, ["path", "1"]);
    assertFails(result, 2, new RegExp(`--here: ${folder}/\\.git: names no git directory`));
  }
  await run(["mkfifo", `${dir}/shop/a.fifo`]);
  Deno.mkdirSync(`${dir}/shop/fifo`);
  Deno.renameSync(`${dir}/shop/a.fifo`, `${dir}/shop/fifo/.git`);
  assertFails(await desk.here("shop/fifo", ["path", "1"]), 2, /names no git directory/);
});

Deno.test({
  name: "--here: somebody else's checkout is refused, unless that user is trusted",
  ignore: ignore || isAlone,
  fn: () =>
    withDir(async (dir) => {
      Deno.mkdirSync(`${dir}/e`);
      const unsockOfAll = await unsockForEverybody(`${dir}/e`);
      await makeRepository(`${dir}/shop`);
      await run(["chown", "-R", `${CLIENT}:${CLIENT}`, `${dir}/shop`]);
      Deno.chmodSync(dir, 0o755);
      for (const user of [CLIENT, STRANGER]) {
        Deno.mkdirSync(`${dir}/${user}`, { mode: 0o700 });
        Deno.chownSync(`${dir}/${user}`, user, user);
      }
      const as = async (user: number, ...words: string[]) =>
        await run(asUser(user, [unsockOfAll, ...words]), {
          cwd: `${dir}/shop`,
          env: { XDG_RUNTIME_DIR: `${dir}/${user}` },
        });
      const refused = new RegExp(
        `^unsock: --here: ${dir}/shop/\\.git: belongs to user ${CLIENT}, not to you: name the directory, ` +
          `--dir ${dir}/shop/\\.git/unsock\n$`,
      );
      assertFails(await as(STRANGER, "run", "--here", "--", "true"), 125, refused);
      assertFails(await as(STRANGER, "path", "--here", "1"), 2, refused);
      assertFails(await byLibrary(["run", "--here", "--", "true"], { cwd: `${dir}/shop` }), 125, refused);
      assertStrictEquals((await as(CLIENT, "run", "--here", "--", "true")).code, 0);
      assertStrictEquals(Deno.statSync(`${dir}/shop/.git/unsock`).uid, CLIENT);
      assertStrictEquals([...Deno.readDirSync(`${dir}/${CLIENT}/unsock/.checkouts`)].length, 1);
    }),
});
