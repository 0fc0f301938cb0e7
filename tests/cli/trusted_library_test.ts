/** A library that somebody other than root or the user could have written is never loaded. */
import { assertMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { strangersHand } from "../../lib/library/trust.ts";
import { withDir } from "../support/dir.ts";
import { mayUnshare } from "../support/namespaces.ts";
import { run, type RunResult } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";
import { asUser, CLIENT, NOBODY, STRANGER } from "../support/users.ts";
import { assertFails, unsock, unsockCommand } from "./unsock.ts";

type Rights = readonly [mode: number, uid?: number, gid?: number];

/** Made, then handed to somebody: a copy of the library in a directory. */
interface Plant {
  /** Rights of the directory, and who owns it if not we. */
  readonly directory: Rights;
  readonly file: Rights;
  /** One more right to one of them, as setfacl takes it. */
  readonly list?: readonly [right: string, at: "dir" | "dir/libunsock.so"];
  /** The error; undefined: it is loaded. */
  readonly refused: RegExp | undefined;
}

const PLANTS: Readonly<Record<string, Plant>> = {
  "ours in a directory of ours": { directory: [0o755], file: [0o644], refused: undefined },
  "ours where anybody may make files, and nobody may remove ours": {
    directory: [0o1777],
    file: [0o644],
    refused: undefined,
  },
  "ours where anybody may put another in its place": {
    directory: [0o777],
    file: [0o644],
    refused: /everybody may write to [^ ]*\/dir: /,
  },
  "ours where a group may put another in its place": {
    directory: [0o775],
    file: [0o644],
    refused: /others may write to [^ ]*\/dir: /,
  },
  "ours where root's group may put another in its place": {
    directory: [0o775, 0, 0],
    file: [0o664, 0, 0],
    refused: undefined,
  },
  "ours where a list of rights lets somebody put another in its place": {
    directory: [0o755, 0, 0],
    file: [0o644],
    list: ["u:daemon:rwx", "dir"],
    refused: /others may write to [^ ]*\/dir: /,
  },
  "ours that a list of rights lets somebody write": {
    directory: [0o755],
    file: [0o644, 0, 0],
    list: ["u:daemon:rw", "dir/libunsock.so"],
    refused: /others may write to [^ ]*\/libunsock\.so: /,
  },
  "ours that a list of rights lets somebody read": {
    directory: [0o755],
    file: [0o640],
    list: ["u:daemon:r", "dir/libunsock.so"],
    refused: undefined,
  },
  "ours that anybody may write": { directory: [0o755], file: [0o666], refused: /everybody may write to .*\.so: / },
  "another user's beside the sticky bit": {
    directory: [0o1777],
    file: [0o644, NOBODY],
    refused: /\.so belongs to nobody: /,
  },
  "another user's in a directory of ours": {
    directory: [0o755],
    file: [0o644, NOBODY],
    refused: /\.so belongs to nobody: /,
  },
  "ours in another user's directory": {
    directory: [0o755, NOBODY],
    file: [0o644],
    refused: /\/dir belongs to nobody: /,
  },
};

/** A group that is in no list: nobody knows who is in it. */
const UNKNOWN_GROUP = 64999;

/** @returns The library's path. */
async function plant(dir: string, { directory, file, list }: Plant): Promise<string> {
  const path = join(dir, "dir", "libunsock.so");
  Deno.mkdirSync(join(dir, "dir"));
  Deno.copyFileSync(libraryFile(), path);
  for (const [at, [mode, uid, gid]] of [[path, file], [join(dir, "dir"), directory]] as const) {
    if (Deno.uid() === 0) Deno.chownSync(at, uid ?? 0, gid ?? UNKNOWN_GROUP);
    Deno.chmodSync(at, mode);
  }
  if (list !== undefined) {
    const { code, stderr } = await run(["setfacl", "-m", list[0], join(dir, list[1])]);
    assertStrictEquals(code, 0, stderr);
  }
  return path;
}

async function runWith(dir: string, library: string, how: "--lib" | "UNSOCK_LIB"): Promise<RunResult> {
  const option = how === "--lib" ? ["--lib", library] : [];
  const command = ["run", "--dir", join(dir, "s"), ...option, "--", "sh", "-c", "echo $LD_PRELOAD"];
  return await unsock(command, { env: how === "--lib" ? {} : { UNSOCK_LIB: library } });
}

/** An ordinary user can neither give files away nor have a group that is in no list. */
function cannotBeMade({ directory, file, list }: Plant): boolean {
  if (list !== undefined && !need("setfacl")) return true;
  return Deno.uid() !== 0 && [directory, file].some(([mode, uid]) => uid !== undefined || (mode & 0o022) === 0o020);
}

for (const [what, planted] of Object.entries(PLANTS)) {
  Deno.test({
    name: `a library, ${what}, is ${planted.refused ? "refused" : "loaded"}`,
    ignore: cannotBeMade(planted),
    fn: () =>
      withDir(async (dir) => {
        const library = await plant(dir, planted);
        for (const how of ["--lib", "UNSOCK_LIB"] as const) {
          const result = await runWith(dir, library, how);
          if (planted.refused) assertFails(result, 125, planted.refused);
          else assertStrictEquals(result.stdout, `${library}\n`, result.stderr);
        }
        // By which the command line judges the library that it opens itself: in the same words.
        const why = strangersHand(library, Deno.uid() ?? 0);
        if (planted.refused) assertMatch(`${why}: `, planted.refused);
        else assertStrictEquals(why, undefined);
      }),
  });
}

Deno.test("a library is refused if a link to it passes through a directory that anybody may write to", () =>
  withDir(async (dir) => {
    const open = join(dir, "open");
    Deno.mkdirSync(open);
    Deno.symlinkSync(libraryFile(), join(open, "middle"));
    Deno.symlinkSync("open/middle", join(dir, "libunsock.so"));
    Deno.chmodSync(open, 0o777);
    assertFails(await runWith(dir, join(dir, "libunsock.so"), "--lib"), 125, /everybody may write to [^ ]*\/open: /);
    Deno.chmodSync(open, 0o755);
    const result = await runWith(dir, join(dir, "libunsock.so"), "--lib");
    assertStrictEquals(result.stdout, `${join(dir, "libunsock.so")}\n`, result.stderr);
    Deno.removeSync(join(open, "middle"));
    Deno.symlinkSync("../libunsock.so", join(open, "middle"));
    assertFails(await runWith(dir, join(dir, "libunsock.so"), "--lib"), 125, /library .*libunsock\.so: /);
  }));

/** Groups by number, as in /etc/group; and who is in them besides. */
const GROUPS = `root:x:0:
alone:x:7000:
several:x:7001:root,stranger
own:x:7002:root
first:x:7003:
clients:x:7004:client
long:x:7005:${"stranger,".repeat(100)}
last:x:7006:stranger`;
const USERS = `root:x:0:0:root:/root:/bin/sh
client:x:${CLIENT}:${CLIENT}::/:/bin/sh
stranger:x:${STRANGER}:7003::/:/bin/sh`;

/** Groups, and whether root and another user trust a directory that the group may write to. */
const IN_GROUPS: readonly (readonly [gid: number, byRoot: boolean, byClient: boolean])[] = [
  [0, true, true],
  [7000, true, true],
  [7001, false, false],
  [7002, true, true],
  [7003, false, false],
  [7004, false, true],
  [7005, false, false],
  [7006, false, false],
  [UNKNOWN_GROUP, false, false],
];

/** In a mount namespace of its own, in which other files are in the place of the system's. */
function withFiles(files: Readonly<Record<string, string>>, command: readonly string[]): string[] {
  const mounts = Object.entries(files).map(([file, place]) => `mount --bind ${file} ${place}`);
  return ["unshare", "--mount", "sh", "-ec", `${mounts.join("; ")}; exec "$@"`, "sh", ...command];
}

/** Returns the command that asks the command line's check, as root for another user. */
function handOf(file: string, uid: number): string[] {
  const module = new URL("../../lib/library/trust.ts", import.meta.url).href;
  const code = `import { strangersHand } from "${module}"; console.log(strangersHand("${file}", ${uid}) ?? "nobody");`;
  return [Deno.execPath(), "eval", code];
}

/** Returns the command that asks the library's check. */
function judgementOf(dir: string, file: string, uid: number): string[] {
  const command = [join(dir, "good.so"), "run", "--dir", join(dir, `s${uid}`), "--dry-run", "--lib", file, "true"];
  return uid === 0 ? command : asUser(uid, command);
}

Deno.test({
  name: "a group is trusted only if it is known and has no members but root and the user",
  ignore: Deno.uid() !== 0 || !need("unshare", "setpriv"),
  fn: () =>
    withDir(async (dir) => {
      Deno.chmodSync(dir, 0o755);
      Deno.copyFileSync(libraryFile(), join(dir, "good.so"));
      Deno.chmodSync(join(dir, "good.so"), 0o755);
      Deno.writeTextFileSync(join(dir, "group"), GROUPS);
      Deno.writeTextFileSync(join(dir, "passwd"), USERS);
      const files = { [join(dir, "group")]: "/etc/group", [join(dir, "passwd")]: "/etc/passwd" };
      for (const [gid, byRoot, byClient] of IN_GROUPS) {
        const place = join(dir, `${gid}`);
        Deno.mkdirSync(place);
        const library = await plant(place, { directory: [0o775, 0, gid], file: [0o644], refused: undefined });
        for (const [uid, trusted] of [[0, byRoot], [CLIENT, byClient]] as const) {
          const judged = await run(withFiles(files, judgementOf(dir, library, uid)));
          const hand = await run(withFiles(files, handOf(library, uid)));
          const refused = `others may write to ${place}/dir`;
          assertStrictEquals(judged.stderr.includes(`${refused}: `), !trusted, `${gid}, ${uid}: ${judged.stderr}`);
          assertStrictEquals(hand.stdout, trusted ? "nobody\n" : `${refused}\n`, `${gid}, ${uid}: ${hand.stderr}`);
        }
      }
    }),
});

Deno.test({
  name: "the owner of files of unmapped users is read from the kernel, not assumed to be 65534",
  ignore: Deno.uid() !== 0 || !need("unshare", "setpriv"),
  fn: () =>
    withDir(async (dir) => {
      // In /tmp it would be anybody's.
      Deno.chownSync(dir, CLIENT, CLIENT);
      Deno.chmodSync(dir, 0o755);
      const roots = join(dir, "r");
      Deno.mkdirSync(roots);
      Deno.copyFileSync(libraryFile(), join(roots, "good.so"));
      Deno.chmodSync(join(roots, "good.so"), 0o755);
      Deno.writeTextFileSync(join(dir, "number"), "12345\n");
      const library = join(roots, "good.so");
      const namespace = ["unshare", "--user", "--map-current-user"];
      const command = asUser(CLIENT, [...namespace, library, "run", "--dir", join(dir, "s"), "--dry-run", "true"]);
      const usual = await run(command);
      assertStrictEquals(usual.code, 0, usual.stderr);
      const other = await run(withFiles({ [join(dir, "number")]: "/proc/sys/kernel/overflowuid" }, command));
      assertFails(other, 125, /library \S+: \/ belongs to /);
    }),
});

Deno.test({
  name: "in a user namespace without root, root's files are trusted",
  ignore: Deno.uid() === 0 || !await mayUnshare(),
  fn: () =>
    withDir(async (dir) => {
      const namespace = ["unshare", "--user", "--map-current-user"];
      // Root's, and no library: whose it is comes first.
      const command = ["run", "--dir", dir, "--dry-run", "--lib", "/usr/bin/env", "--", "true"];
      assertFails(
        await run([...namespace, ...unsockCommand(), ...command]),
        125,
        /\/usr\/bin\/env: is not libunsock\.so/,
      );
    }),
});
