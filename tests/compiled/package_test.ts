/** What `deno task package` leaves in dist/: each package installed where nothing of unsock was, used, and removed again. */
import { assertEquals, assertMatch, assertNotMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { statOrUndefined } from "../../lib/system/files.ts";
import { VERSION } from "../../lib/system/version.ts";
import { mirror } from "../libcs/old_root.ts";
import { withDir } from "../support/dir.ts";
import { ROOT } from "../support/foreign.ts";
import { run, type RunResult } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { compiled } from "./binary.ts";

const DIST = join(ROOT, "dist");
const DEB = join(DIST, `unsock_${VERSION}_amd64.deb`);
const AMD64 = Deno.build.arch === "x86_64";
const LONG_MS = 600_000;

/** `deno task compile` alone makes none of them. */
const ignore = compiled.ignore || !AMD64 || statOrUndefined(DEB) === undefined;

async function succeed(command: string[], cwd = DIST): Promise<RunResult> {
  const result = await run(command, { cwd, timeoutMs: LONG_MS, env: { LC_ALL: "C" } });
  assertStrictEquals(result.code, 0, `${command.join(" ")}: ${result.stdout}${result.stderr}`);
  return result;
}

async function filesBelow(directory: string): Promise<string[]> {
  const { stdout } = await succeed(["find", ".", "-type", "f", "-o", "-type", "l"], directory);
  return stdout.trim().split("\n").filter((line) => line !== "").toSorted();
}

Deno.test({
  name: "lintian finds no error in the Debian packages",
  ignore: ignore || !need("lintian"),
  fn: async () => {
    const debs = ["amd64", "arm64"].map((machine) => `unsock_${VERSION}_${machine}.deb`);
    const { stdout } = await run(["lintian", "--fail-on", "error", ...debs], { cwd: DIST, timeoutMs: LONG_MS });
    assertNotMatch(stdout, /^[EW]: /m);
  },
});

/** A new root takes minutes where the mirror is slow: before a release docs/release.md asks for more than one. */
const RELEASES = (Deno.env.get("UNSOCK_TEST_RELEASES") ?? "trixie").split(" ");

for (const release of RELEASES) {
  Deno.test({
    name: `the Debian package is installed, used and removed in a new ${release}`,
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
        // A program of the runtime finds itself in /proc.
        const enter = 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"';
        const inside = (...command: string[]) => succeed(["unshare", "-mpf", "sh", "-c", enter, root, ...command]);
        const before = await filesBelow(join(root, "usr"));
        await inside("dpkg", "-i", "/unsock.deb");
        assertStrictEquals((await inside("unsock", "--version")).stdout.trim(), VERSION);
        assertStrictEquals((await inside("unsock", "path", "80")).stdout.trim(), "/run/unsock/80.sock");
        const { stdout } = await inside("unsock", "run", "--", "sh", "-c", 'echo "$LD_PRELOAD"');
        assertStrictEquals(stdout.trim(), "/usr/lib/libunsock.so");
        assertMatch((await inside("getent", "group", "unsock")).stdout, /^unsock:/);
        await inside("dpkg", "--purge", "unsock");
        assertEquals(await filesBelow(join(root, "usr")), before);
      }),
  });
}

Deno.test({
  name: "the npm packages, installed from their files, run a program by this machine's binary",
  ignore: ignore || !need("npm"),
  fn: () =>
    withDir(async (dir) => {
      await Deno.writeTextFile(join(dir, "package.json"), "{}");
      const packages = ["unsock", "unsock-linux-x64"].map((name) => join(DIST, `${name}-${VERSION}.tgz`));
      await succeed(["npm", "install", "--offline", "--no-audit", "--no-fund", ...packages], dir);
      const unsock = join(dir, "node_modules", ".bin", "unsock");
      const options = ["run", "--dir", join(dir, "s"), "--"];
      const ended = await run([unsock, ...options, "sh", "-c", 'echo "$LD_PRELOAD"; exit 7']);
      assertStrictEquals(ended.code, 7, ended.stderr);
      assertMatch(ended.stdout, /\/node_modules\/unsock-linux-x64\/lib\/libunsock\.so$/m);
      const killed = await run([unsock, ...options, "sh", "-c", "kill -KILL $$"]);
      assertStrictEquals(killed.signal, "SIGKILL", `${killed.code}: ${killed.stderr}`);
      await Deno.remove(join(dir, "node_modules", "unsock-linux-x64"), { recursive: true });
      const missing = await run([unsock, "--version"]);
      assertStrictEquals(missing.code, 125);
      assertMatch(missing.stderr, /^unsock: package unsock-linux-x64: not installed: [^\n]*\n$/);
    }),
});

Deno.test({
  name: "the archive's install.sh puts in place what unsock install does, and takes it away again",
  ignore: ignore,
  fn: () =>
    withDir(async (dir) => {
      const name = `unsock-${VERSION}-linux-x86_64`;
      await succeed(["tar", "xzf", join(DIST, `${name}.tar.gz`), "-C", dir]);
      const [ours, theirs] = [join(dir, "ours"), join(dir, "theirs")];
      const script = join(dir, name, "install.sh");
      for (let twice = 0; twice < 2; twice++) await succeed([script, "--prefix", ours]);
      await succeed([join(dir, name, "bin", "unsock"), "install", "--prefix", theirs]);
      assertEquals(await filesBelow(ours), await filesBelow(theirs));
      const record = (prefix: string) => Deno.readTextFile(join(prefix, "share/unsock/installed"));
      assertStrictEquals(await record(ours), await record(theirs));
      const unsock = join(ours, "bin", "unsock");
      assertStrictEquals((await succeed([unsock, "--version"])).stdout.trim(), VERSION);
      await succeed([script, "--uninstall", `--prefix=${ours}`]);
      assertEquals([...Deno.readDirSync(dir)].map(({ name }) => name).toSorted(), [name, "theirs"].toSorted());
      const refused = await run([script, "--prefix", "/proc/nowhere"]);
      assertStrictEquals(refused.code, 1);
      assertMatch(refused.stderr, /install\.sh: \/proc\/nowhere: cannot be made\n$/);
      await Deno.mkdir(join(ours, "bin"), { recursive: true });
      await Deno.writeTextFile(unsock, "theirs");
      const kept = await run([script, "--prefix", ours]);
      assertStrictEquals(kept.code, 1);
      assertMatch(kept.stderr, /install\.sh: \S+\/bin\/unsock: is there already, [^\n]*: --force replaces it\n$/);
      assertEquals(await filesBelow(ours), ["./bin/unsock"]);
      await succeed([script, "--prefix", ours, "--force"]);
      assertStrictEquals((await succeed([unsock, "--version"])).stdout.trim(), VERSION);
    }),
});

Deno.test({
  name: "the OCI layout has the library for both machines, and is read by others' tools",
  ignore: ignore || !need("skopeo"),
  fn: () =>
    withDir(async (dir) => {
      const archive = `oci-archive:${join(DIST, `unsock-${VERSION}-oci.tar`)}`;
      for (const [machine, file] of [["amd64", join(DIST, "libunsock.so")], ["arm64", undefined]] as const) {
        const copy = join(dir, machine);
        await succeed(["skopeo", "--insecure-policy", "--override-arch", machine, "copy", archive, `dir:${copy}`]);
        const manifest: { layers: { digest: string }[] } = JSON.parse(
          await Deno.readTextFile(join(copy, "manifest.json")),
        );
        const layer = join(copy, manifest.layers[0]?.digest.replace("sha256:", "") ?? "");
        await succeed(["tar", "xf", layer, "-C", copy]);
        assertStrictEquals(await Deno.readLink(join(copy, "unsock")), "libunsock.so");
        const library = await Deno.readFile(join(copy, "libunsock.so"));
        if (file !== undefined) assertEquals(library, await Deno.readFile(file));
      }
    }),
});
