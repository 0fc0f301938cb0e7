/** The files that `deno task compile` leaves in dist/, and its errors. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { statOrUndefined } from "../../lib/system/files.ts";
import { VERSION } from "../../lib/system/version.ts";
import { withDir } from "../support/dir.ts";
import { ROOT } from "../support/foreign.ts";
import { mayUnshare } from "../support/namespaces.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { assertRecipesPreload } from "../support/recipes.ts";
import { compiled, makeHome, runAlone } from "./binary.ts";

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
    // SOURCE_DATE_EPOCH's, if it was set then.
    assertEquals(new Set(dates.map((line) => line.split(" ")[1])).size, 1, dates.join("\n"));
  },
);

Deno.test(
  "the archive has the program, the library, manual pages and completions",
  compiled,
  () =>
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
      const env = { PATH: `${join(dir, name, "bin")}:${Deno.env.get("PATH")}` };
      const sh = (script: string) => run(["sh", "-ec", script.replaceAll("/tmp/", `${dir}/`)], { cwd: dir, env });
      await assertRecipesPreload(join(dir, name, "lib", "libunsock.so"), sh);
    }),
);

/** Without the other machine's runtime it is the library alone, and is called so. */
const FOREIGN = ["unsock", "libunsock"].map((what) => `${what}-${VERSION}-linux-aarch64`)
  .find((name) => statOrUndefined(join(DIST, `${name}.tar.gz`)) !== undefined);

Deno.test({
  name: "the release has library and program of both machines, and the other one's run in its emulation",
  ignore: compiled.ignore || Deno.build.arch !== "x86_64" || !need("aarch64-linux-gnu-gcc", "aarch64-libc"),
  fn: () =>
    withDir(async (dir) => {
      const name = FOREIGN ?? "";
      const files = await unpack(`${name}.tar.gz`, dir);
      const place = (file: string) => join(dir, name, file);
      assertStrictEquals(machineOf(place("lib/libunsock.so")), AARCH64);
      assertStrictEquals(machineOf(join(DIST, "libunsock.so")), X86_64);
      assertStrictEquals(files.includes(`./${name}/libexec/unsock`), name.startsWith("unsock-"));
      if (name.startsWith("lib") || !need("qemu-aarch64")) return;
      assertStrictEquals(machineOf(place("libexec/unsock")), AARCH64);
      const program = ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu", place("libexec/unsock")];
      const { env } = makeHome(dir);
      const version = await runAlone([...program, "--version"], env);
      assertStrictEquals(version.stdout, `${VERSION}\n`, version.stderr);
      // The emulation starts no other program of that machine, as self-test would: so the library itself is asked.
      const library = ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu", place("lib/libunsock.so"), "query", "version"];
      const answer = await runAlone(library, env);
      assertStrictEquals(answer.stdout, `{"question":"version","version":"${VERSION}"}\n`, answer.stderr);
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

Deno.test("compile with a denort of another version fails in one line", compiled, () =>
  withDir(async (dir) => {
    const other = join(dir, "denort");
    // Its version stands in it as text, as often as it is used.
    const script = `sed "s,Deno/[0-9]*[.][0-9]*[.][0-9]*,Deno/1.2.3,g" "$1" >"$2" && chmod 755 "$2"`;
    const runtime = Deno.env.get("DENORT_BIN") ?? join(ROOT, "build", "denort", "denort");
    assertStrictEquals((await run(["sh", "-c", script, "sh", runtime, other], { env: { LC_ALL: "C" } })).code, 0);
    await assertCompileFails({ DENORT_BIN: other }, /the runtime is a denort 1\.2\.3, and this is Deno \d/);
  }));

/** Where Deno keeps the npm packages: `deno info --json`. */
async function npmCache(): Promise<string> {
  const { stdout } = await run([Deno.execPath(), "info", "--json"]);
  const info: unknown = JSON.parse(stdout);
  assert(typeof info === "object" && info !== null && "npmCache" in info && typeof info.npmCache === "string", stdout);
  return info.npmCache;
}

Deno.test({
  name: "compile without network and without DENORT_BIN fails with one line of advice",
  ignore: compiled.ignore || !need("unshare") || !await mayUnshare(),
  fn: () =>
    withDir(async (dir) => {
      const isolation = ["unshare", ...(Deno.uid() === 0 ? ["-n"] : ["-Urn"])];
      // A cache with the packages that the script imports, and without a runtime to put into a binary.
      await Deno.symlink(await npmCache(), join(dir, "npm"));
      await assertCompileFails({ DENORT_BIN: "", DENO_DIR: dir }, /without network: DENORT_BIN=FILE/, isolation);
    }),
});
