/** Installs each package of `deno task package` on a system without unsock, uses it, and removes it again. */
import { assert, assertEquals, assertMatch, assertNotMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { VERSION } from "../../lib/system/version.ts";
import { DEBIAN_VERSION } from "../../scripts/dist/deb.ts";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { assertRecipesPreload } from "../support/recipes.ts";
import { ARCHIVE, DIST, filesBelow, ignore, LONG_MS, NAME, succeed, succeedIn } from "./packages.ts";

Deno.test({
  name: "lintian finds no error in the Debian packages",
  ignore: ignore || !need("lintian"),
  fn: async () => {
    const debs = ["amd64", "arm64"].map((machine) => `unsock_${DEBIAN_VERSION}_${machine}.deb`);
    const { stdout } = await run(["lintian", "--fail-on", "error", ...debs], { cwd: DIST, timeoutMs: LONG_MS });
    assertNotMatch(stdout, /^[EW]: /m);
  },
});

Deno.test({
  name: "docs/install.md and the README name files that the release has, their version as VERSION",
  ignore,
  fn: async () => {
    for (const page of ["README.md", "docs/install.md"]) {
      const text = await Deno.readTextFile(join(DIST, "..", page));
      assertNotMatch(text, /unsock[-_]\d+\.\d+/, page);
      const names = [...text.matchAll(/\bunsock[a-z0-9-]*[-_]VERSION[-_a-z0-9]*\.(?:deb|tgz|tar\.gz|tar)/g)].map((
        [name],
      ) => name);
      assert(names.length > 0, page);
      for (const name of names) {
        const version = name.endsWith(".deb") ? DEBIAN_VERSION : VERSION;
        const file = name.replace("VERSION", version);
        assert((await Deno.stat(join(DIST, file))).isFile, file);
      }
    }
  },
});

Deno.test({
  name: "the npm packages, installed from their files, run a program by this machine's library",
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
      const bin = { PATH: `${join(dir, "node_modules", ".bin")}:${Deno.env.get("PATH")}` };
      const sh = (script: string) =>
        run(["sh", "-ec", script.replaceAll("/tmp/", `${dir}/`)], { cwd: dir, env: bin, timeoutMs: LONG_MS });
      await assertRecipesPreload(/\/node_modules\/unsock-linux-x64\/lib\/libunsock\.so$/, sh);
      const killed = await run([unsock, ...options, "sh", "-c", "kill -KILL $$"]);
      assertStrictEquals(killed.signal, "SIGKILL", `${killed.code}: ${killed.stderr}`);
      await Deno.remove(join(dir, "node_modules", "unsock-linux-x64"), { recursive: true });
      assertStrictEquals((await run([unsock, "--version"], { env: bin })).stdout, `${VERSION}\n`);
      const missing = await run([unsock, "run", "--", "true"], { env: bin });
      assertStrictEquals(missing.code, 125);
      assertMatch(missing.stderr, /^unsock: package unsock-linux-x64: not installed: [^\n]*\n$/);
    }),
});

Deno.test({
  name: "the archive's install.sh installs the same files as unsock install, and removes them again",
  ignore: ignore,
  fn: () =>
    withDir(async (dir) => {
      await succeed(["tar", "xzf", ARCHIVE, "-C", dir]);
      const [ours, theirs] = [join(dir, "ours"), join(dir, "theirs")];
      const script = join(dir, NAME, "install.sh");
      for (let twice = 0; twice < 2; twice++) {
        assertMatch(
          (await succeed([script, "--prefix", ours])).stdout,
          /^\S+\/ours\/bin is not in PATH: export PATH="/m,
        );
      }
      const found = await succeed(["env", `PATH=${ours}/bin:/usr/bin:/bin`, script, "--prefix", ours]);
      assertNotMatch(found.stdout, /PATH/);
      await succeed([join(dir, NAME, "bin", "unsock"), "install", "--prefix", theirs]);
      assertEquals(await filesBelow(ours), await filesBelow(theirs));
      const record = (prefix: string) => Deno.readTextFile(join(prefix, "share/unsock/installed"));
      assertStrictEquals(await record(ours), await record(theirs));
      const unsock = join(ours, "bin", "unsock");
      assertStrictEquals((await succeed([unsock, "--version"])).stdout.trim(), VERSION);
      await succeed([script, "--uninstall", `--prefix=${ours}`]);
      assertEquals([...Deno.readDirSync(dir)].map(({ name }) => name).toSorted(), [NAME, "theirs"].toSorted());
      const refused = await run([script, "--prefix", "/proc/nowhere"]);
      assertStrictEquals(refused.code, 1);
      assertMatch(refused.stderr, /install\.sh: \/proc\/nowhere\S*: cannot be made\n$/);
      await Deno.mkdir(join(ours, "bin"), { recursive: true });
      await Deno.writeTextFile(unsock, "theirs");
      const kept = await run([script, "--prefix", ours]);
      assertStrictEquals(kept.code, 1);
      assertMatch(kept.stderr, /install\.sh: \S+\/bin\/unsock: exists already and [^\n]*: --force replaces it\n$/);
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
        if (file === undefined) continue;
        assertEquals(library, await Deno.readFile(file));
        if (Deno.uid() !== 0) continue;
        // As FROM scratch has it: nothing else is there.
        const image = join(dir, "image");
        await Deno.mkdir(image);
        await succeed(["tar", "xf", layer, "-C", image]);
        const usage = await succeedIn(image, ["/unsock", "run", "--dir", "/s", "--", "/unsock"]);
        assertMatch(usage.stdout + usage.stderr, /libunsock\.so run \[options\] \[--\] COMMAND/);
      }
    }),
});
