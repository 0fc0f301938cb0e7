/**
 * Tests docs/release.md from the tag to the users: its lines, with a key of its own, packages of this checkout, and directories in
 * place of the web server and of git's other end. Run by `deno task test:pages`, not by CI. As root, for apt's own directories.
 */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { VERSION } from "../../lib/system/version.ts";
import { DEBIAN_VERSION, makeDeb } from "../../scripts/dist/deb.ts";
import { sha256 } from "../../scripts/dist/tools.ts";
import { readBlocks } from "../docs/page.ts";
import { packModule } from "../npm/packages.ts";
import { copyProgram, withDir } from "../support/dir.ts";
import { run, type RunResult } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";

const LONG_MS = 300_000;
const MACHINE = Deno.build.arch === "aarch64" ? "arm64" : "amd64";
const NODE_MACHINE = Deno.build.arch === "aarch64" ? "arm64" : "x64";
const OTHER = NODE_MACHINE === "x64" ? "arm64" : "x64";

/** The page's block with these words. */
function block(words: string): string {
  const found = readBlocks("release").filter(({ language, text }) => language === "sh" && text.includes(words));
  assertStrictEquals(found.length, 1, words);
  return found[0]?.text ?? "";
}

/** What the release has, as far as these lines use it. The program in it is the library alone. */
async function makeDist(dir: string): Promise<void> {
  const dist = `${dir}/dist`;
  for (const made of [dist, `${dir}/tree/lib`, `${dir}/tree/bin`]) await Deno.mkdir(made, { recursive: true });
  for (const file of await packModule(`${dir}/packed`)) await Deno.rename(file, `${dist}/${file.split("/").at(-1)}`);
  const own = `${dist}/unsock-linux-${NODE_MACHINE}-${VERSION}.tgz`;
  await Deno.copyFile(own, `${dist}/unsock-linux-${OTHER}-${VERSION}.tgz`);
  copyProgram(libraryFile(), `${dir}/tree/lib/libunsock.so`);
  await Deno.symlink("../lib/libunsock.so", `${dir}/tree/bin/unsock`);
  await makeDeb(dist, MACHINE, `${dir}/tree`, false);
  const sums = [...Deno.readDirSync(dist)].map(async ({ name }) => `${await sha256(`${dist}/${name}`)}  ${name}\n`);
  await Deno.writeTextFile(`${dist}/SHA256SUMS`, (await Promise.all(sums)).join(""));
}

Deno.test({
  name: "docs: a release goes from its tag to npm, a repository for apt, and the archive, and its users install it",
  ignore: Deno.uid() !== 0 || !need("npm", "git", "gpg", "apt-ftparchive", "dpkg-deb", "curl"),
  fn: () =>
    withDir(async (dir) => {
      await makeDist(dir);
      await Deno.mkdir(`${dir}/home/.gnupg`, { recursive: true, mode: 0o700 });
      const env = { HOME: `${dir}/home`, GNUPGHOME: `${dir}/home/.gnupg`, VERSION, WEB: `file:${dir}/repository` };
      const sh = async (script: string, cwd = dir): Promise<RunResult> => {
        const result = await run(["sh", "-euc", script], { cwd, env, timeoutMs: LONG_MS });
        assertStrictEquals(result.code, 0, `${script}: ${result.stdout}${result.stderr}`);
        return result;
      };
      try {
        const identity = "A Release <release@git.example>";
        await sh(`gpg --batch --quiet --passphrase "" --quick-generate-key "${identity}" default default never`);
        await sh(`git init -q --bare origin.git && git init -q . && git remote add origin origin.git
          git config user.name "A Release" && git config user.email release@git.example
          git commit -q --allow-empty -m one`);
        await sh(block("git tag"));
        assertMatch((await sh(`git ls-remote --tags origin && git verify-tag "$VERSION"`)).stdout, /refs\/tags\//);
        // A version of a checkout has a hyphen.
        const publish = block("npm publish").replaceAll("--access public", "--access public --dry-run --tag next");
        const { stdout } = await sh(publish);
        assertEquals(stdout.match(/^\+ unsock/gm)?.length, 3, stdout);
        await sh(block("apt-ftparchive packages"));
        await installs(dir, sh);
        const checked = await sh(block("gpg --verify"), `${dir}/dist`);
        assertMatch(checked.stderr, /Good signature/);
      } finally {
        await run(["gpgconf", "--kill", "all"], { env });
      }
    }),
});

/** A user's machine: apt's directories are the test's, and the package is unpacked, not installed. */
async function installs(dir: string, sh: (script: string, cwd?: string) => Promise<RunResult>): Promise<void> {
  const apt = `${dir}/apt`;
  for (const made of ["lists/partial", "cache/archives/partial", "sources", "keys"]) {
    await Deno.mkdir(`${apt}/${made}`, { recursive: true });
    await Deno.chmod(`${apt}/${made}`, 0o755);
  }
  await Deno.chmod(dir, 0o755);
  await Deno.writeTextFile(`${apt}/status`, "");
  const options = [
    `Dir::State=${apt}`,
    `Dir::State::lists=${apt}/lists`,
    `Dir::State::status=${apt}/status`,
    `Dir::Cache=${apt}/cache`,
    "Dir::Etc::sourcelist=/dev/null",
    `Dir::Etc::sourceparts=${apt}/sources`,
    "APT::Sandbox::User=root",
  ].map((option) => `-o ${option}`).join(" ");
  const lines = block("apt-get update").replaceAll("/usr/share/keyrings", `${apt}/keys`)
    .replaceAll("/etc/apt/sources.list.d", `${apt}/sources`)
    .replace("apt-get update", `apt-get ${options} update`)
    .replace("apt-get install", `apt-get ${options} download`);
  await sh(lines);
  const deb = `${dir}/unsock_${DEBIAN_VERSION}_${MACHINE}.deb`;
  const { stdout } = await sh(`dpkg-deb -x ${deb} user && user/usr/bin/unsock --version`);
  assertStrictEquals(stdout, `${VERSION}\n`);
}
