/** The directory of the socket files: which one, and whose. */
import { assert, assertStrictEquals } from "@std/assert";
import * as path from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { assertFails, unsock } from "./unsock.ts";

const isRoot = Deno.uid() === 0;
const WITHOUT_RUNTIME = isRoot ? "/run/unsock" : `/tmp/unsock-${Deno.uid()}`;

/** Returns the directory that the library chooses for `run`; `path` chooses the same. */
async function directoryOf(env: Record<string, string>, args: readonly string[] = []): Promise<string | undefined> {
  const result = await unsock(["run", ...args, "--dry-run", "--", "true"], { env });
  assertStrictEquals(result.code, 0, result.stderr);
  const chosen = /^UNSOCK_DIR=(.*) \\$/m.exec(result.stdout)?.[1];
  assertStrictEquals((await unsock(["path", ...args, "80"], { env })).stdout, `${chosen}/80.sock\n`);
  return chosen;
}

Deno.test("the directory is --dir, else UNSOCK_DIR, else one of the user's own", async () => {
  await withDir(async (dir) => {
    const [option, variable] = [path.join(dir, "option"), path.join(dir, "variable")];
    assertStrictEquals(await directoryOf({ UNSOCK_DIR: variable, XDG_RUNTIME_DIR: dir }, ["--dir", option]), option);
    assertStrictEquals(await directoryOf({ UNSOCK_DIR: `${variable}//`, XDG_RUNTIME_DIR: dir }), variable);
    assertStrictEquals(await directoryOf({ UNSOCK_DIR: "", XDG_RUNTIME_DIR: dir }), path.join(dir, "unsock"));
    assertStrictEquals(await directoryOf({ XDG_RUNTIME_DIR: path.join(dir, "missing") }), WITHOUT_RUNTIME);
  });
});

Deno.test("the directory is made 0700, or as --dir-mode says, and never a parent of it", async () => {
  await withDir(async (dir) => {
    const made = path.join(dir, "a");
    assertStrictEquals((await unsock(["run", "--dir", made, "--", "true"])).code, 0);
    assertStrictEquals((Deno.statSync(made).mode ?? 0) & 0o7777, 0o700);
    const wide = path.join(dir, "b");
    assertStrictEquals((await unsock(["run", "--dir", wide, "--dir-mode", "1755", "--", "true"])).code, 0);
    assertStrictEquals((Deno.statSync(wide).mode ?? 0) & 0o7777, 0o1755);
    assertFails(
      await unsock(["run", "--dir", path.join(dir, "c", "d"), "--", "true"]),
      125,
      /directory \S+\/c\/d: \S+\/c does not exist: make it first, mkdir -p/,
    );
    assertFails(await unsock(["run", "--dir-mode", "888", "true"]), 125, /--dir-mode: must be an octal mode/);
    assertFails(await unsock(["run", "--group", "no such", "true"]), 125, /--group: there is no such group.*"no such"/);
  });
});

Deno.test("--group sets the mode of the socket files, too, unless that was said", async () => {
  const mode = async (args: string[], env: Record<string, string> = {}) => {
    const { stdout } = await unsock(["run", "--group", `${Deno.gid()}`, ...args, "--dry-run", "true"], { env });
    return /^UNSOCK_MODE=(.*) \\$/m.exec(stdout)?.[1];
  };
  assertStrictEquals(await mode([]), "660");
  assertStrictEquals(await mode(["--mode", "666"]), "666");
  assertStrictEquals(await mode([], { UNSOCK_MODE: "640" }), "640");
});

Deno.test("a directory that is no directory is refused", async () => {
  await withDir(async (dir) => {
    Deno.writeTextFileSync(path.join(dir, "file"), "");
    assertFails(await unsock(["run", "--dir", path.join(dir, "file"), "--", "true"]), 125, /file: not a directory: /);
    assertFails(await unsock(["run", "--dir", path.join(dir, "file", "x"), "--", "true"]), 125, /directory/);
  });
});

Deno.test({
  name: "a default directory of another user, or behind another user's link, is refused; a named one is not",
  ignore: !isRoot, // only root can give files away
  fn: async () => {
    await withDir(async (dir) => {
      const [theirs, link, mine] = ["theirs", "link", "mine"].map((name) => path.join(dir, name));
      assert(theirs && link && mine);
      Deno.mkdirSync(theirs);
      Deno.chownSync(theirs, 65534, 65534);
      Deno.mkdirSync(mine, { mode: 0o700 });
      Deno.symlinkSync(mine, link);
      const { code } = await new Deno.Command("chown", { args: ["-h", "65534:65534", link] }).output();
      assertStrictEquals(code, 0);
      for (const directory of [theirs, link]) {
        const runtime = path.join(dir, `runtime-${path.basename(directory)}`);
        Deno.mkdirSync(runtime);
        Deno.renameSync(directory, path.join(runtime, "unsock"));
        assertFails(
          await unsock(["run", "--force", "--", "true"], { env: { XDG_RUNTIME_DIR: runtime } }),
          125,
          /owned by user 65534, not by you.*--dir/,
        );
        assertStrictEquals((await unsock(["run", "--dir", path.join(runtime, "unsock"), "--", "true"])).code, 0);
      }
    });
  },
});

Deno.test({
  name: "another user's XDG_RUNTIME_DIR is not used for the default directory",
  ignore: !isRoot, // only root can give directories away
  fn: () =>
    withDir(async (dir) => {
      Deno.chownSync(dir, 65534, 65534);
      assertStrictEquals(await directoryOf({ XDG_RUNTIME_DIR: dir }), WITHOUT_RUNTIME);
      Deno.chownSync(dir, 0, 0);
      assertStrictEquals(await directoryOf({ XDG_RUNTIME_DIR: dir }), path.join(dir, "unsock"));
    }),
});

Deno.test("a default directory that others may write to is refused, a named one is not", async () => {
  await withDir(async (dir) => {
    const open = path.join(dir, "unsock");
    Deno.mkdirSync(open);
    Deno.chmodSync(open, 0o770);
    const refused = await unsock(["run", "--", "true"], { env: { XDG_RUNTIME_DIR: dir } });
    assertFails(refused, 125, /others may write to it: chmod 700/);
    assertStrictEquals((await unsock(["run", "--dir", open, "--", "true"])).code, 0);
  });
});
