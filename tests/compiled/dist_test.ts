/** What `deno task compile` leaves in dist/, and how it fails. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { VERSION } from "../../lib/system/version.ts";
import { DATE } from "../../scripts/dist/tools.ts";
import { withDir } from "../support/dir.ts";
import { ROOT } from "../support/foreign.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { compiled } from "./binary.ts";

const DIST = join(ROOT, "dist");
const AARCH64 = 183;
const X86_64 = 62;

async function unpack(archive: string, dir: string): Promise<string[]> {
  const result = await run(["tar", "xzf", join(DIST, archive), "-C", dir]);
  assertStrictEquals(result.code, 0, result.stderr);
  const { stdout } = await run(["find", ".", "-type", "f", "-o", "-type", "l"], { cwd: dir });
  return stdout.trim().split("\n").sort();
}

/** Of an ELF file: which machine it is for. */
function machineOf(file: string): number | undefined {
  const bytes = Deno.readFileSync(file);
  const isElf = new TextDecoder("latin1").decode(bytes.subarray(1, 4)) === "ELF";
  return isElf ? new DataView(bytes.buffer).getUint16(18, true) : undefined;
}

Deno.test("SHA256SUMS is that of all the other files", compiled, async () => {
  const checked = await run(["sha256sum", "-c", "--strict", "SHA256SUMS"], { cwd: DIST });
  assertStrictEquals(checked.code, 0, checked.stdout + checked.stderr);
  assertStrictEquals(checked.stdout.trim().split("\n").length, [...Deno.readDirSync(DIST)].length - 1);
});

Deno.test(
  "all that the binary carries is of one date: it is the same bytes whenever and wherever it is compiled",
  compiled,
  async () => {
    const binary = new TextDecoder("latin1").decode(await Deno.readFile(join(DIST, "unsock")));
    // The index of the files in it is JSON, and behind them.
    const index = binary.slice(binary.lastIndexOf('[{"Dir":{"n":'));
    const dates = Array.from(index.matchAll(/"n":"([^"]+)"[^{}]*"t":(\d+)/g), ([, name, date]) => `${name} ${date}`);
    assert(dates.some((line) => line.startsWith("main.ts ")), `${dates.length} files`);
    assertEquals(dates.filter((line) => !line.endsWith(` ${Number(DATE) * 1000}`)), []);
  },
);

Deno.test("the archive has the program, the library, and what describes them", compiled, () =>
  withDir(async (dir) => {
    const name = `unsock-${VERSION}-linux-${Deno.build.arch}`;
    assertEquals(
      await unpack(`${name}.tar.gz`, dir),
      [
        "LICENSE",
        "README.md",
        "bin/unsock",
        "install.sh",
        "lib/libunsock.so",
        "libexec/unsock",
        "share/bash-completion/completions/unsock",
        "share/fish/vendor_completions.d/unsock.fish",
        "share/man/man1/unsock.1",
        "share/man/man7/libunsock.7",
        "share/zsh/site-functions/_unsock",
      ].map((file) => `./${name}/${file}`),
    );
    const program = join(dir, name, "bin", "unsock");
    assertStrictEquals(Deno.readLinkSync(program), "../lib/libunsock.so");
    assertStrictEquals((await run([program, "path", "80", "--dir", "/x"])).stdout, "/x/80.sock\n");
    const result = await run([program, "run", "--dir", join(dir, "s"), "--", "sh", "-c", 'echo "$LD_PRELOAD"']);
    assertStrictEquals(result.stdout.trim(), join(dir, name, "lib", "libunsock.so"), result.stderr);
  }));

Deno.test({
  name: "the release has the library of both machines",
  ignore: compiled.ignore || Deno.build.arch !== "x86_64" || !need("aarch64-linux-gnu-gcc", "aarch64-libc"),
  fn: () =>
    withDir(async (dir) => {
      const name = `libunsock-${VERSION}-linux-aarch64`;
      await unpack(`${name}.tar.gz`, dir);
      assertStrictEquals(machineOf(join(dir, name, "lib", "libunsock.so")), AARCH64);
      assertStrictEquals(machineOf(join(DIST, "libunsock.so")), X86_64);
    }),
});

/** Fails before it could replace anything in dist/. */
async function assertCompileFails(env: Record<string, string>, line: RegExp, prefix: string[] = []): Promise<void> {
  const command = [...prefix, Deno.execPath(), "run", "-A", join(ROOT, "scripts", "compile.ts")];
  const result = await run(command, { cwd: ROOT, env: { NO_COLOR: "1", ...env } });
  assertStrictEquals(result.code, 1, result.stderr);
  assertMatch(result.stderr, /^compile: [^\n]*\n$/);
  assertMatch(result.stderr, line);
}

Deno.test("compile with a DENORT_BIN that is none fails in one line", compiled, async () => {
  await assertCompileFails({ DENORT_BIN: "/nonexistent/denort" }, /\/nonexistent\/denort.*DENORT_BIN=FILE/);
  await assertCompileFails({ DENORT_BIN: "/bin/true" }, /\/bin\/true: what it makes does not run/);
});

/** Where Deno keeps the npm packages: `deno info --json`. */
async function npmCache(): Promise<string> {
  const { stdout } = await run([Deno.execPath(), "info", "--json"]);
  const info: unknown = JSON.parse(stdout);
  assert(typeof info === "object" && info !== null && "npmCache" in info && typeof info.npmCache === "string", stdout);
  return info.npmCache;
}

Deno.test({
  name: "compile without network and without DENORT_BIN fails in one line that says what to do",
  ignore: compiled.ignore || !need("unshare"),
  fn: () =>
    withDir(async (dir) => {
      const isolation = ["unshare", ...(Deno.uid() === 0 ? ["-n"] : ["-Urn"])];
      // A cache with the packages that the script imports, and without a runtime to put into a binary.
      await Deno.symlink(await npmCache(), join(dir, "npm"));
      await assertCompileFails({ DENORT_BIN: "", DENO_DIR: dir }, /without network: DENORT_BIN=FILE/, isolation);
    }),
});
