/** A directory of socket files in whose place others could put another one is refused, unless they are trusted. */
import { assertEquals, assertMatch, assertNotMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { copyProgram, withDir } from "../support/dir.ts";
import { run, type RunResult } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { libraryEnv, libraryFile } from "../support/library.ts";
import { asUser, CLIENT, SERVER, STRANGER } from "../support/users.ts";
import { assertFails, unsock } from "./unsock.ts";

const isRoot = Deno.uid() === 0;

/** A group that is in no list: nobody knows who is in it. */
const UNKNOWN_GROUP = 64_999;

type Rights = readonly [mode: number, uid?: number, gid?: number];

/** The directory above `above/d`, and `above/d` itself. */
interface Place {
  readonly above: Rights;
  readonly directory?: Rights;
  /** One more right to the directory above, as setfacl takes it. */
  readonly list?: string;
  /** The error; undefined: it is used. */
  readonly refused: RegExp | undefined;
}

const PLACES: Readonly<Record<string, Place>> = {
  "in one of ours": { above: [0o755], refused: undefined },
  "that is not there yet, in one of ours": { above: [0o755], refused: undefined },
  "of somebody else's in one of ours": { above: [0o755], directory: [0o755, SERVER], refused: undefined },
  "of ours where anybody may make files, and nobody may remove ours": { above: [0o1777], refused: undefined },
  "in one that root's group may write to": { above: [0o775, 0, 0], refused: undefined },
  "in one with a list of rights that lets nobody write": {
    above: [0o755],
    list: "u:daemon:rx",
    refused: undefined,
  },
  "in somebody else's": { above: [0o755, SERVER], refused: /\/above belongs to 61001, / },
  "that is not there yet, in somebody else's": { above: [0o755, SERVER], refused: /\/above belongs to 61001, / },
  "of somebody else's in one of his": {
    above: [0o755, SERVER],
    directory: [0o755, SERVER],
    refused: /\/above belongs to 61001, /,
  },
  "in somebody else's with the sticky bit": { above: [0o1777, SERVER], refused: /\/above belongs to 61001, / },
  "in one that everybody may write to": { above: [0o777], refused: /everybody may write to \S+\/above, / },
  "in one that a group may write to": {
    above: [0o775, 0, UNKNOWN_GROUP],
    refused: /others may write to \S+\/above, /,
  },
  "in one that a list of rights lets somebody write to": {
    above: [0o755],
    list: "u:daemon:rwx",
    refused: /others may write to \S+\/above, /,
  },
  "of somebody else's where anybody may make files": {
    above: [0o1777],
    directory: [0o755, SERVER],
    refused: /\/above\/d belongs to 61001, /,
  },
};

/** How the names of those begin whose directory is to be made. */
const MISSING = "that is not there yet";

function setRights(path: string, [mode, uid, gid]: Rights): void {
  if (uid !== undefined || gid !== undefined) Deno.chownSync(path, uid ?? 0, gid ?? 0);
  Deno.chmodSync(path, mode);
}

/** @returns The directory. */
async function lay(dir: string, what: string, { above, directory = [0o755], list }: Place): Promise<string> {
  const [outer, inner] = [join(dir, "above"), join(dir, "above", "d")];
  Deno.mkdirSync(outer);
  if (!what.startsWith(MISSING)) {
    Deno.mkdirSync(inner);
    setRights(inner, directory);
  }
  setRights(outer, above);
  if (list !== undefined) {
    const { code, stderr } = await run(["setfacl", "-m", list, outer]);
    assertStrictEquals(code, 0, stderr);
  }
  return inner;
}

function assertStarts({ code, stderr }: RunResult, way = ""): void {
  assertEquals([way, code, stderr], [way, 0, ""]);
}

/** By each way in which a directory is used: what happens, and with --force. */
const WAYS: Readonly<Record<string, (directory: string, force: boolean) => Promise<RunResult>>> = {
  "run": (directory, force) => unsock(["run", ...(force ? ["--force"] : []), "--dir", directory, "true"]),
  "run as the library": (directory, force) =>
    run([libraryFile(), "run", ...(force ? ["--force"] : []), "--dir", directory, "true"]),
  "env": (directory, force) => unsock(["env", ...(force ? ["--force"] : []), "--dir", directory]),
  "prune": (directory, force) => unsock(["prune", ...(force ? ["--force"] : []), "--dir", directory]),
  "the preloaded library": (directory, force) =>
    run(["/bin/true"], { env: libraryEnv(directory, force ? { UNSOCK_TRUST: "1" } : {}) }),
  "the trapping library": (directory, force) =>
    run(["/bin/true"], {
      env: libraryEnv(directory, { UNSOCK_ENGINE: "trap", ...(force ? { UNSOCK_TRUST: "1" } : {}) }),
    }),
};

for (const [what, place] of Object.entries(PLACES)) {
  Deno.test({
    name: `a directory ${what} is ${place.refused ? "refused, unless they are trusted" : "used"}`,
    ignore: !isRoot || (place.list !== undefined && !need("setfacl")),
    fn: () =>
      withDir(async (dir) => {
        Deno.chmodSync(dir, 0o755);
        const directory = await lay(dir, what, place);
        const isThere = !what.startsWith(MISSING);
        for (const [way, use] of Object.entries(WAYS)) {
          const before = await use(directory, false);
          if (place.refused === undefined) assertStarts(before, way);
          else {
            assertFails(before, way.startsWith("the ") || way === "env" || way === "prune" ? 1 : 125, place.refused);
            assertMatch(before.stderr, way.startsWith("the ") ? /UNSOCK_TRUST=1/ : /with --force\n$/);
            // Nothing has been made, in nobody's name.
            if (!isThere) assertEquals([...Deno.readDirSync(join(dir, "above"))], [], way);
          }
          if (!isThere && before.code === 0 && way !== "prune") Deno.removeSync(directory);
        }
        const doctor = await unsock(["doctor", "--dir", directory]);
        if (place.refused === undefined) assertNotMatch(doctor.stdout, /^FAIL directory/m);
        else assertMatch(doctor.stdout, /^FAIL directory .*could be put in its place/m);
        for (const [way, use] of Object.entries(WAYS)) {
          assertStarts(await use(directory, true), way);
        }
        const printed = await unsock(["env", "--force", "--dir", directory]);
        assertMatch(printed.stdout, /^export UNSOCK_TRUST=1$/m);
      }),
  });
}

Deno.test({
  name: "a link in a directory's path is judged by the directory that it lies in",
  ignore: !isRoot,
  fn: () =>
    withDir(async (dir) => {
      Deno.chmodSync(dir, 0o755);
      for (const name of ["real", "open", "theirs", "sticky"]) Deno.mkdirSync(join(dir, name));
      Deno.mkdirSync(join(dir, "real", "d"));
      Deno.symlinkSync("real", join(dir, "link"));
      Deno.symlinkSync(join(dir, "real"), join(dir, "open", "link"));
      Deno.symlinkSync("../open/link", join(dir, "theirs", "link"));
      Deno.symlinkSync("../real", join(dir, "sticky", "link"));
      Deno.symlinkSync("d", join(dir, "real", "their"));
      for (const link of ["real/their", "sticky/link"]) {
        assertStrictEquals((await run(["chown", "-h", `${STRANGER}`, join(dir, link)])).code, 0);
      }
      Deno.chmodSync(join(dir, "open"), 0o777);
      Deno.chmodSync(join(dir, "sticky"), 0o1777);
      const by = (way: string) => run(["/bin/true"], { env: libraryEnv(`${dir}/${way}`) });
      for (const way of ["link/d", "real/../link/./d", "real/their"]) {
        assertStarts(await by(way), way);
      }
      const refused = { "open/link/d": "open", "theirs/link/d": "open", "sticky/../open/../open/link/d": "open" };
      for (const [way, where] of Object.entries(refused)) {
        assertFails(await by(way), 1, new RegExp(`everybody may write to \\S+/${where}, `));
      }
      assertFails(await by("sticky/link/d"), 1, /\/sticky\/link belongs to 61003, /);
    }),
});

Deno.test({
  name: "an ordinary user may name a directory whose parents belong to the same owner, but to no other user",
  ignore: !isRoot || !need("setpriv"),
  fn: () =>
    withDir(async (dir) => {
      Deno.chmodSync(dir, 0o755);
      const [home, directory] = [join(dir, "home"), join(dir, "home", "d")];
      Deno.mkdirSync(directory, { recursive: true });
      Deno.copyFileSync(libraryFile(), join(dir, "libunsock.so"));
      const start = async (owner: number, above: number) => {
        Deno.chownSync(directory, owner, owner);
        Deno.chownSync(home, above, above);
        const env = { ...libraryEnv(directory), LD_PRELOAD: join(dir, "libunsock.so") };
        const words = Object.entries(env).map(([name, value]) => `${name}=${value}`);
        return await run(asUser(CLIENT, ["env", ...words, "/bin/true"]));
      };
      assertStarts(await start(SERVER, SERVER));
      assertStarts(await start(SERVER, 0));
      assertStarts(await start(SERVER, CLIENT));
      assertFails(await start(SERVER, STRANGER), 1, /\/home belongs to 61003, /);
      assertFails(await start(0, SERVER), 1, /\/home belongs to 61001, /);
      assertFails(await start(CLIENT, SERVER), 1, /\/home belongs to 61001, /);
    }),
});

Deno.test({
  name: "run --private accepts a directory that a group shares, since the user named it",
  ignore: !isRoot,
  fn: () =>
    withDir(async (dir) => {
      Deno.chmodSync(dir, 0o755);
      const shared = join(dir, "shared");
      Deno.mkdirSync(shared);
      setRights(shared, [0o2770, SERVER, UNKNOWN_GROUP]);
      const show = ["sh", "-c", "echo $UNSOCK_DIR $UNSOCK_TRUST"];
      const { stdout, stderr } = await unsock(["run", "--private", "--dir", shared, ...show]);
      assertMatch(stdout, new RegExp(`^${shared}/private/[0-9a-f]{6} 1\n$`), stderr);
      const alone = join(dir, "alone");
      const own = await unsock(["run", "--private", "--dir", alone, ...show]);
      assertMatch(own.stdout, new RegExp(`^${alone}/private/[0-9a-f]{6}\n$`), own.stderr);
      // The directories above are checked all the same.
      setRights(dir, [0o777]);
      assertFails(await unsock(["run", "--private", "--dir", shared, "true"]), 125, /everybody may write to /);
    }),
});

Deno.test({
  name: "in a user namespace that does not map root, root's files are accepted",
  ignore: !isRoot || !need("unshare", "setpriv"),
  fn: () =>
    withDir(async (dir) => {
      // In /tmp what belongs to nobody that is known would be anybody's.
      setRights(dir, [0o755, CLIENT, CLIENT]);
      const [directory, library] = [join(dir, "r", "d"), join(dir, "r", "libunsock.so")];
      Deno.mkdirSync(directory, { recursive: true });
      setRights(directory, [0o755, CLIENT, CLIENT]);
      copyProgram(libraryFile(), library);
      Deno.chmodSync(library, 0o755);
      const command = [library, "run", "--dir", directory, "true"];
      for (const map of ["--map-current-user", "--map-root-user"]) {
        const result = await run(asUser(CLIENT, ["unshare", "--user", map, ...command]));
        assertStarts(result, map);
      }
    }),
});

Deno.test({
  name: "a set-user-ID program, and one with UNSOCK_OFF, start whoever could exchange the directory",
  ignore: !isRoot || !need("setpriv"),
  fn: () =>
    withDir(async (dir) => {
      Deno.chmodSync(dir, 0o755);
      const directory = await lay(dir, "", { above: [0o755, SERVER], refused: undefined });
      const off = await run(["/bin/true"], { env: libraryEnv(directory, { UNSOCK_OFF: "1" }) });
      assertStarts(off);
      const program = join(dir, "id");
      assertStrictEquals((await run(["cp", "/usr/bin/id", program])).code, 0);
      Deno.chmodSync(program, 0o4755);
      Deno.copyFileSync(libraryFile(), join(dir, "libunsock.so"));
      const env = { ...libraryEnv(directory), LD_PRELOAD: join(dir, "libunsock.so") };
      const words = Object.entries(env).map(([name, value]) => `${name}=${value}`);
      // The loader's own line: it takes no library by a path into such a program.
      const { code, stdout } = await run(asUser(CLIENT, ["env", ...words, program, "-u"]));
      assertEquals([code, stdout], [0, "0\n"]);
    }),
});
