/** Where the binary unpacks the library that it carries: a private directory, checked at every start. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { dirname, join } from "@std/path/posix";
import { copyProgram, withDir } from "../support/dir.ts";
import { need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";
import { BINARY, compiled, isWhole, makeHome, names, runAlone, TELL } from "./binary.ts";

async function libraryFor(env: Record<string, string>): Promise<string> {
  const result = await runAlone([BINARY, ...TELL], env);
  assertStrictEquals(result.code, 0, result.stderr);
  assertStrictEquals(result.stderr, "");
  return result.stdout.trim();
}

Deno.test(
  "the library is unpacked once, not writable by others, under a name with its hash",
  compiled,
  () =>
    withDir(async (dir) => {
      const { env, cache } = makeHome(dir);
      const library = await libraryFor(env);
      assertStrictEquals(dirname(library), cache);
      assert(await isWhole(library));
      assertStrictEquals((Deno.statSync(cache).mode ?? 0) & 0o777, 0o700);
      const { ino, mtime } = Deno.statSync(library);
      assertStrictEquals(await libraryFor(env), library);
      const again = Deno.statSync(library);
      assertEquals([again.ino, again.mtime], [ino, mtime]);
      const other = join(dir, "xdg");
      assertStrictEquals(dirname(await libraryFor({ ...env, XDG_CACHE_HOME: other })), join(other, "unsock"));
    }),
);

Deno.test(
  "a changed cached library is replaced, whatever kind of file is in its place",
  compiled,
  () =>
    withDir(async (dir) => {
      const { env, cache } = makeHome(dir);
      const library = await libraryFor(env);
      const spoil: [string, () => void][] = [
        ["a byte more", () => Deno.writeTextFileSync(library, "x", { append: true })],
        ["nothing", () => Deno.truncateSync(library, 0)],
        ["a link elsewhere", () => {
          Deno.removeSync(library);
          Deno.symlinkSync("/etc/passwd", library);
        }],
        ["a link to nothing", () => {
          Deno.removeSync(library);
          Deno.symlinkSync("nowhere", library);
        }],
      ];
      for (const [what, change] of spoil) {
        change();
        assertStrictEquals(await libraryFor(env), library, what);
        assert(Deno.lstatSync(library).isFile && await isWhole(library), what);
        assertEquals(names(cache).length, 1, what);
      }
      assertMatch(Deno.readTextFileSync("/etc/passwd"), /^root:/);
    }),
);

Deno.test(
  "a cache directory that others can write to, or that is a link, is not used",
  compiled,
  () =>
    withDir(async (dir) => {
      const { env, cache } = makeHome(dir);
      const runtime = join(dir, "runtime");
      Deno.mkdirSync(runtime);
      Deno.mkdirSync(cache, { recursive: true });
      const withRuntime = { ...env, XDG_RUNTIME_DIR: runtime };
      Deno.chmodSync(cache, 0o777);
      assertStrictEquals(dirname(await libraryFor(withRuntime)), join(runtime, "unsock-lib"));
      Deno.removeSync(cache);
      Deno.mkdirSync(join(dir, "elsewhere"), { mode: 0o700 });
      Deno.symlinkSync(join(dir, "elsewhere"), cache);
      assertStrictEquals(dirname(await libraryFor(withRuntime)), join(runtime, "unsock-lib"));
      assertEquals(names(join(dir, "elsewhere")), []);
    }),
);

Deno.test({
  name: "a cache directory of another user is not used",
  ignore: compiled.ignore || Deno.uid() !== 0,
  fn: () =>
    withDir(async (dir) => {
      const { env, cache } = makeHome(dir);
      Deno.mkdirSync(cache, { recursive: true, mode: 0o700 });
      Deno.chownSync(cache, 65534, 65534);
      const runtime = join(dir, "runtime");
      assertStrictEquals(dirname(await libraryFor({ ...env, XDG_RUNTIME_DIR: runtime })), join(runtime, "unsock-lib"));
      assertEquals(names(cache), []);
    }),
});

Deno.test(
  "a library that anybody could have put beside the binary, or where it is unpacked, is not used",
  compiled,
  () =>
    withDir(async (dir) => {
      const { env, home, cache } = makeHome(dir);
      const program = join(dir, "bin", "unsock");
      const planted = join(dir, "bin", "libunsock.so");
      Deno.mkdirSync(dirname(program));
      copyProgram(BINARY, program);
      Deno.copyFileSync(await libraryFor(env), planted);
      const tell = async (extra: Record<string, string> = {}) => {
        return (await runAlone([program, ...TELL], { ...env, ...extra })).stdout.trim();
      };
      assertStrictEquals(await tell(), planted);
      Deno.chmodSync(dirname(program), 0o777);
      assertStrictEquals(dirname(await tell()), cache);
      Deno.chmodSync(home, 0o777);
      const runtime = join(dir, "runtime");
      assertStrictEquals(dirname(await tell({ XDG_RUNTIME_DIR: runtime })), join(runtime, "unsock-lib"));
    }),
);

Deno.test("a home that is read-only, or does not exist, is no obstacle", compiled, () =>
  withDir(async (dir) => {
    const { env } = makeHome(dir);
    const runtime = join(dir, "runtime");
    for (const home of ["/proc/self", "/proc/nowhere", "relative", ""]) {
      const library = await libraryFor({ ...env, HOME: home, XDG_RUNTIME_DIR: runtime });
      assertStrictEquals(dirname(library), join(runtime, "unsock-lib"));
    }
  }));

Deno.test({
  name: "a user with no home and nothing to write to but XDG_RUNTIME_DIR",
  ignore: compiled.ignore || Deno.uid() !== 0 || !need("setpriv"),
  fn: () =>
    withDir(async (dir) => {
      Deno.chmodSync(dir, 0o755);
      const program = join(dir, "unsock"); // the way to the original may be root's alone
      copyProgram(BINARY, program);
      const { env, home } = makeHome(dir); // root's: read-only for nobody
      const runtime = join(dir, "runtime");
      Deno.mkdirSync(runtime, { mode: 0o700 });
      Deno.chownSync(runtime, 65534, 65534);
      const { UNSOCK_DIR: _, ...rest } = env;
      const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program, ...TELL];
      const result = await runAlone(nobody, { ...rest, XDG_RUNTIME_DIR: runtime }, { cwd: "/" });
      assertStrictEquals(dirname(result.stdout.trim()), join(runtime, "unsock-lib"), result.stderr);
      assertEquals(names(home), []);
    }),
});

Deno.test("many that start at once unpack one library, and each gets it whole", compiled, () =>
  withDir(async (dir) => {
    const { env, cache } = makeHome(dir);
    const libraries = await Promise.all(Array.from({ length: 8 }, () => libraryFor(env)));
    assertStrictEquals(new Set(libraries).size, 1);
    assert(await isWhole(libraries[0] ?? ""));
    assertEquals(names(cache).length, 1);
  }));

Deno.test(
  "a limit to the size of files is met in one line, and leaves nothing half-written",
  compiled,
  () =>
    withDir(async (dir) => {
      const { env, cache } = makeHome(dir);
      const other = join(dir, "runtime");
      // 8 KiB: less than the library. /var/tmp and /tmp may have it from before.
      const limited = `ulimit -f 16; exec "$0" "$@"`;
      const command = ["sh", "-c", limited, BINARY, "run", "--", "grep", "^SigIgn", "/proc/self/status"];
      const result = await runAlone(command, { ...env, XDG_RUNTIME_DIR: other });
      if (result.code === 0) assertMatch(result.stdout, /^SigIgn:\t0{16}\n$/);
      else assertMatch(result.stderr, /^unsock: library libunsock\.so: cannot be unpacked: [^\n]*\n$/);
      assertEquals([...names(cache), ...names(join(other, "unsock-lib"))], []);
    }),
);

/** Mounts a file system without code wherever the library could go but in $3; the binary is still to be seen in /mnt. */
const NOEXEC_PLACES = `
binary="/mnt/$(basename "$1")"
mount --bind "$(dirname "$1")" /mnt &&
mount -t tmpfs -o exec,mode=700 none "$3" && cp "$4" "$3" &&
for place in "$2" /var/tmp /tmp; do mount -t tmpfs -o noexec,mode=1777 none "$place" || exit 99; done
cd / && shift 4 && exec "$binary" "$@"`;

Deno.test({
  name: "a noexec cache directory is skipped; if there is no other, one line gives advice",
  ignore: compiled.ignore || Deno.uid() !== 0 || !need("unshare"),
  fn: () =>
    withDir(async (dir) => {
      const { env, home } = makeHome(dir);
      const other = await Deno.makeTempDir({ dir: "/run", prefix: "unsock-noexec-" });
      try {
        const command = ["unshare", "--mount", "sh", "-c", NOEXEC_PLACES, "sh", BINARY, home, other, libraryFile()];
        const redirects = async (extra: Record<string, string>, library: RegExp) => {
          const result = await runAlone([...command, ...TELL], { ...env, UNSOCK_DIR: `${other}/s`, ...extra });
          assertStrictEquals(result.stderr, "");
          assertMatch(result.stdout, library);
          assertStrictEquals(result.code, 0);
        };
        await redirects({ XDG_RUNTIME_DIR: other }, /^\/run\/[^/]+\/unsock-lib\/libunsock-\w+\.so\n$/);
        await redirects({ UNSOCK_LIB: `${other}/libunsock.so` }, /^\/run\/[^/]+\/libunsock\.so\n$/);
        const refused = await runAlone([...command, ...TELL], { ...env, UNSOCK_DIR: `${other}/s` });
        assertMatch(
          refused.stderr,
          /^unsock: library libunsock\.so: cannot be unpacked: [^\n]*: its file system is mounted noexec: [^\n]*--lib\n$/,
        );
        assertStrictEquals(refused.code, 125);
        assertStrictEquals(refused.stdout, "");
      } finally {
        await Deno.remove(other);
      }
    }),
});

/** Mounts a disk that is too small wherever the library could go; the binary is still to be seen in /mnt. */
const FULL_DISKS = `
mount --bind "$(dirname "$1")" /mnt &&
for place in "$2" /var/tmp /tmp; do mount -t tmpfs -o size=32k,mode=1777 none "$place" || exit 99; done
cd / && HOME="$2" "/mnt/$(basename "$1")" run -- true; code=$?
ls -R "$2" /var/tmp /tmp | grep "[.]so"
exit $code`;

Deno.test({
  name: "a full disk is reported in one line with advice, and no half-written file is left",
  ignore: compiled.ignore || Deno.uid() !== 0 || !need("unshare"),
  fn: () =>
    withDir(async (dir) => {
      const { env, home } = makeHome(dir);
      const command = ["unshare", "--mount", "sh", "-c", FULL_DISKS, "sh", BINARY, home];
      const result = await runAlone(command, { ...env, UNSOCK_DIR: "" });
      assertMatch(
        result.stderr,
        /^unsock: library libunsock\.so: cannot be unpacked: [^\n]*No space left[^\n]*--lib\n$/,
      );
      assertStrictEquals(result.code, 125);
      assertStrictEquals(result.stdout, "");
    }),
});
