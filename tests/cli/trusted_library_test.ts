/** A library that somebody other than root or the user could have written is never loaded. */
import { assertMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { strangersHand } from "../../lib/run/trusted_file.ts";
import { withDir } from "../support/dir.ts";
import { mayUnshare } from "../support/namespaces.ts";
import { run, type RunResult } from "../support/process.ts";
import { shimLibrary } from "../support/shim.ts";
import { NOBODY } from "../support/users.ts";
import { assertFails, unsock, unsockCommand } from "./unsock.ts";

/** Made, then handed to somebody: a copy of the library in a directory. */
interface Plant {
  /** Rights of the directory, and who owns it if not we. */
  readonly directory: readonly [mode: number, uid?: number];
  readonly file: readonly [mode: number, uid?: number];
  /** What is said of it; undefined: it is loaded. */
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
function plant(dir: string, { directory, file }: Plant): string {
  const path = join(dir, "dir", "libunsock.so");
  Deno.mkdirSync(join(dir, "dir"));
  Deno.copyFileSync(shimLibrary(), path);
  for (const [at, [mode, uid]] of [[path, file], [join(dir, "dir"), directory]] as const) {
    if (Deno.uid() === 0) Deno.chownSync(at, uid ?? 0, UNKNOWN_GROUP);
    Deno.chmodSync(at, mode);
  }
  return path;
}

async function runWith(dir: string, library: string, how: "--lib" | "UNSOCK_LIB"): Promise<RunResult> {
  const option = how === "--lib" ? ["--lib", library] : [];
  const command = ["run", "--dir", join(dir, "s"), ...option, "--", "sh", "-c", "echo $LD_PRELOAD"];
  return await unsock(command, { env: how === "--lib" ? {} : { UNSOCK_LIB: library } });
}

/** An ordinary user can neither give files away nor have a group that is in no list. */
function needsRoot({ directory, file }: Plant): boolean {
  return [directory, file].some(([mode, uid]) => uid !== undefined || (mode & 0o022) === 0o020);
}

for (const [what, planted] of Object.entries(PLANTS)) {
  Deno.test({
    name: `a library, ${what}, is ${planted.refused ? "refused" : "loaded"}`,
    ignore: needsRoot(planted) && Deno.uid() !== 0,
    fn: () =>
      withDir(async (dir) => {
        const library = plant(dir, planted);
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

Deno.test("a library is refused when a link to it leads by where anybody may write", () =>
  withDir(async (dir) => {
    const open = join(dir, "open");
    Deno.mkdirSync(open);
    Deno.symlinkSync(shimLibrary(), join(open, "middle"));
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

Deno.test({
  name: "in a user namespace without root, what is root's is trusted",
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
