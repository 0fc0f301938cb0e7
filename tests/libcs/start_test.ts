/** How the library starts in a process: refuses bad settings before main, stays inert where nobody asked for it. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { ROOT } from "../support/foreign.ts";
import { run, type RunResult } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { libraryEnv, libraryFile } from "../support/library.ts";

const DIGITS_TOO_MANY = "1".repeat(40);

/** Three bad values of every setting. */
const BAD: Record<string, string[]> = {
  UNSOCK_DIR: ["relative", "/", `/${"d".repeat(100)}`],
  UNSOCK_ADDR: ["localhost", "127.0.0.1/33", "::1,"],
  UNSOCK_PORT: ["0", "65536", "90-80"],
  UNSOCK_MODE: ["888", "1000", "rw-"],
  UNSOCK_BLOCK_INET: ["2", "yes", "01"],
  UNSOCK_BLOCK_INET6: ["2", "on", " 1"],
  UNSOCK_ACCEPT_CONVERT_ALL: ["2", "all", "-1"],
  UNSOCK_ACCEPT_CONVERT_VSOCK: ["2", "vsock", "1 "],
  UNSOCK_ACCEPT_AS: ["127.1.0.0", "127.1.0.0/31", "::1/64"],
  UNSOCK_FALLBACK: ["2", "no", "11"],
  UNSOCK_CONNECT_TIMEOUT_MS: ["0", "5s", DIGITS_TOO_MANY],
  UNSOCK_LOG: ["stdout", "log", "./log"],
};

function assertRefused(result: RunResult, line: RegExp): void {
  assertMatch(result.stderr, /^unsock: [^\n]*\n$/);
  assertMatch(result.stderr, line);
  assertStrictEquals(result.stdout, "");
  assertStrictEquals(result.code, 1);
}

for (const [name, values] of Object.entries(BAD)) {
  Deno.test(`a program under LD_PRELOAD ends before main when ${name} is bad`, () =>
    withDir(async (dir) => {
      for (const value of values) {
        // `echo` as a program: nothing else in this test may have the library.
        const result = await run(["/bin/echo", "ran"], { env: libraryEnv(join(dir, "s"), { [name]: value }) });
        assertRefused(result, new RegExp(`^unsock: ${name}: [^\n]+: "`));
        assertEquals([...Deno.readDirSync(dir)], []);
      }
    }));
}

Deno.test("a program under LD_PRELOAD ends before main without UNSOCK_DIR, by whatever words the library is named", async () => {
  const library = libraryFile();
  for (const preload of [library, `${library}:`, `/nonexistent.so ${library}`, `/nonexistent.so:${library}`]) {
    const result = await run(["/bin/echo", "ran"], { env: { LD_PRELOAD: preload, UNSOCK_DIR: "" } });
    // The loader has its own word about what does not exist.
    const own = result.stderr.split("\n").filter((line) => !line.startsWith("ERROR: ld.so")).join("\n");
    assertRefused({ ...result, stderr: own }, /^unsock: UNSOCK_DIR: /);
  }
});

async function buildEmbedding(dir: string, ...flags: string[]): Promise<string> {
  const program = join(dir, "embedding");
  const source = join(ROOT, "tests", "libcs", "embedding.c");
  const { code, stderr } = await run(["cc", "-Wall", "-Werror", "-o", program, source, ...flags]);
  assertStrictEquals(code, 0, stderr);
  return program;
}

const withCompiler = { ignore: !need("cc") };

Deno.test(
  "a program that opens the library by dlopen stays as it is without UNSOCK_DIR",
  withCompiler,
  () =>
    withDir(async (dir) => {
      const program = await buildEmbedding(dir);
      const result = await run([program, libraryFile()], { env: { UNSOCK_DIR: "", UNSOCK_MODE: "nonsense" } });
      assertEquals([result.stderr, result.stdout], ["", "secure: no, socket: inet\n"]);
    }),
);

Deno.test(
  "a program that has the library otherwise than by LD_PRELOAD stays as it is without UNSOCK_DIR",
  withCompiler,
  () =>
    withDir(async (dir) => {
      const program = await buildEmbedding(dir, libraryFile());
      const sockets = join(dir, "s");
      const inert = await run([program], { env: { UNSOCK_DIR: "" } });
      assertEquals([inert.stderr, inert.stdout], ["", "secure: no, socket: inet\n"]);
      const other = await run([program], { env: { UNSOCK_DIR: "", LD_PRELOAD: "/nonexistent/other.so" } });
      assertStrictEquals(other.stdout, "secure: no, socket: inet\n");
      const { LD_PRELOAD: _, ...settings } = libraryEnv(sockets);
      const active = await run([program], { env: settings });
      assertStrictEquals(active.stdout, "secure: no, socket: unix\n", active.stderr);
    }),
);

const NOBODY = 65534;

Deno.test({
  name: "a set-user-ID program is left alone, whatever the settings",
  // Only root can make one that belongs to somebody else.
  ignore: withCompiler.ignore || Deno.uid() !== 0,
  fn: () =>
    withDir(async (dir) => {
      Deno.chmodSync(dir, 0o755);
      // Linked, since the loader itself ignores LD_PRELOAD in such a process.
      const program = await buildEmbedding(dir, libraryFile());
      const { LD_PRELOAD: _, ...env } = libraryEnv(join(dir, "s"));
      assertStrictEquals((await run([program], { env })).stdout, "secure: no, socket: unix\n");
      Deno.chownSync(program, NOBODY, NOBODY);
      Deno.chmodSync(program, 0o4755);
      const result = await run([program], { env: { ...env, UNSOCK_MODE: "nonsense" } });
      // A file system may be mounted nosuid; then nothing is to be seen here.
      if (result.stdout !== "secure: yes, socket: inet\n") {
        assertMatch(Deno.readTextFileSync("/proc/mounts"), /nosuid/, result.stdout + result.stderr);
      }
    }),
});
