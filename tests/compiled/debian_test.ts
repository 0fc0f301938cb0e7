/** The Debian package and the archive on machines that had nothing of unsock: a new root of each release. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { VERSION } from "../../lib/system/version.ts";
import { mirror } from "../libcs/old_root.ts";
import { withDir } from "../support/dir.ts";
import { need } from "../support/programs.ts";
import { assertRecipesPreload } from "../support/recipes.ts";
import { ARCHIVE, DEB, filesBelow, ignore, NAME, succeed, succeedIn } from "./packages.ts";

const SOMEBODY = 61_004;

/** Those that docs/install.md names. A new root takes minutes where the mirror is slow: UNSOCK_TEST_RELEASES names fewer. */
const RELEASES = (Deno.env.get("UNSOCK_TEST_RELEASES") ?? "trixie bookworm").split(" ");

for (const release of RELEASES) {
  Deno.test({
    name: `the Debian package and the archive are installed, used and removed in a new ${release}`,
    ignore: ignore || Deno.uid() !== 0 || !need("mmdebstrap", "unshare"),
    fn: () =>
      withDir(async (dir) => {
        const root = join(dir, "root");
        await succeed([
          "mmdebstrap",
          "--variant=essential",
          "--include=libgcc-s1,passwd",
          release,
          root,
          await mirror(),
        ]);
        await Deno.chmod(dir, 0o755);
        await Deno.copyFile(DEB, join(root, "unsock.deb"));
        const inside = (...command: string[]) => succeedIn(root, command);
        const before = await filesBelow(join(root, "usr"));
        await inside("dpkg", "-i", "/unsock.deb");
        assertStrictEquals((await inside("unsock", "--version")).stdout.trim(), VERSION);
        assertStrictEquals((await inside("unsock", "path", "80")).stdout.trim(), "/run/unsock/80.sock");
        const { stdout } = await inside("unsock", "run", "--", "sh", "-c", 'echo "$LD_PRELOAD"');
        assertStrictEquals(stdout.trim(), "/usr/lib/libunsock.so");
        const sh = (...who: string[]) => (script: string) => inside(...who, "sh", "-ec", script);
        await assertRecipesPreload("/usr/lib/libunsock.so", sh());
        assertMatch((await inside("getent", "group", "unsock")).stdout, /^unsock:/);
        const queue = Deno.readTextFileSync(join(root, "usr/lib/sysctl.d/50-unsock.conf"));
        assertMatch(queue, /^net\.unix\.max_dgram_qlen = 512$/m);
        await inside("dpkg", "--purge", "unsock");
        assertEquals(await filesBelow(join(root, "usr")), before);
        // And the archive, by root and by somebody who may write to his home alone.
        await succeed(["tar", "xzf", ARCHIVE, "-C", root]);
        await Deno.mkdir(join(root, "home/somebody"));
        await Deno.chown(join(root, "home/somebody"), SOMEBODY, SOMEBODY);
        const as = [
          "setpriv",
          `--reuid=${SOMEBODY}`,
          `--regid=${SOMEBODY}`,
          "--clear-groups",
          "env",
          "HOME=/home/somebody",
        ];
        for (const [who, prefix] of [[[], "/usr/local"], [as, "/home/somebody/.local"]] as const) {
          const installer = [...who, `/${NAME}/install.sh`, "--prefix", prefix];
          await inside(...installer);
          const unsock = [...who, `${prefix}/bin/unsock`];
          assertStrictEquals((await inside(...unsock, "--version")).stdout.trim(), VERSION);
          const preloaded = await inside(...unsock, "run", "--", "sh", "-c", 'echo "$LD_PRELOAD"');
          assertStrictEquals(preloaded.stdout.trim(), `${prefix}/lib/libunsock.so`);
          await assertRecipesPreload(
            `${prefix}/lib/libunsock.so`,
            sh(...who, "env", `PATH=${prefix}/bin:/usr/bin:/bin`),
          );
          await inside(...installer, "--uninstall");
        }
        assertEquals(await filesBelow(join(root, "usr")), before);
        assertEquals(await filesBelow(join(root, "home/somebody")), []);
      }),
  });
}
