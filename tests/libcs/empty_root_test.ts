/** The library as a program where there is nothing else: no C library, no loader, no /proc, as in a guest's first minute. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { controlFile, sockaddrUnix, sockaddrVsock } from "../support/control.ts";
import { copyProgram, namesIn, withDir } from "../support/dir.ts";
import { run, type RunResult } from "../support/process.ts";
import { findProgram, need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";

/** Without privileges a user namespace gives the right to change the root. */
const ENTER = ["unshare", ...(Deno.uid() === 0 ? [] : ["--user", "--map-root-user"])];

async function canEnter(): Promise<boolean> {
  if (!need("unshare")) return false;
  return (await run([...ENTER, "--root", "/", "true"])).code === 0;
}

/** Runs `use` with a root that holds nothing but the library and what `more` names. */
async function withRoot(
  more: Record<string, string>,
  use: (root: string, execute: (args: string[], env?: Record<string, string>) => Promise<RunResult>) => Promise<void>,
): Promise<void> {
  await withDir(async (root) => {
    for (const [name, file] of Object.entries({ "libunsock.so": libraryFile(), ...more })) {
      copyProgram(file, join(root, name));
      Deno.chmodSync(join(root, name), 0o755);
    }
    await use(root, (args, env) => {
      // `unshare` looks itself up in PATH; the program in the root gets these variables alone.
      const command = [findProgram("unshare") ?? "unshare", ...ENTER.slice(1), "--root", root];
      return run([...command, "/libunsock.so", ...args], { env: env ?? {}, clearEnv: true });
    });
  });
}

const options = { ignore: !await canEnter() };

Deno.test(
  "in an empty root the library prints its usage and its version",
  options,
  () =>
    withRoot({}, async (_root, execute) => {
      const usage = await execute([]);
      assertStrictEquals(usage.code, 0, usage.stderr);
      assertMatch(usage.stdout, /libunsock\.so run \[options\] \[--\] COMMAND/);
      assertMatch((await execute(["--version"])).stdout, /^\d+\.\d+\.\d+(-dev)?\n$/);
    }),
);

Deno.test(
  "in an empty root the library makes a control file, once",
  options,
  () =>
    withRoot({}, async (root, execute) => {
      const env = { UNSOCK_FILE: "/80.sock", UNSOCK_VSOCK_PORT: "5678", UNSOCK_VSOCK_CID: "3" };
      const made = await execute([], env);
      assertStrictEquals(made.code, 0, made.stderr);
      const file = join(root, "80.sock");
      assertEquals(Deno.readFileSync(file), controlFile({ dest: sockaddrVsock(3, 5678) }));
      assertStrictEquals((Deno.statSync(file).mode ?? 0) & 0o777, 0o644);
      const again = await execute([], env);
      assertStrictEquals(again.code, 1);
      assertMatch(again.stderr, /^unsock: [^\n]*\n$/);
      const bad = await execute([], { ...env, UNSOCK_FILE: "/81.sock", UNSOCK_VSOCK_PORT: "x" });
      assertStrictEquals(bad.code, 1);
      assertMatch(bad.stderr, /^unsock: UNSOCK_VSOCK_PORT: [^\n]*\n$/);
      assertEquals(namesIn(root), ["80.sock", "libunsock.so"]);
    }),
);

Deno.test(
  "in an empty root path, wait and prune need nothing else, and make-control names --help",
  options,
  () =>
    withRoot({}, async (root, execute) => {
      const env = { UNSOCK_DIR: "/s" };
      Deno.mkdirSync(join(root, "s"), { mode: 0o700 });
      Deno.writeFileSync(join(root, "s/80.sock"), controlFile({ dest: sockaddrUnix("/none") }));
      const outcomes: [string, number, RegExp][] = [
        ["path 80", 0, /^\/s\/80\.sock\n$/],
        ["path 80@::1", 0, /^\/s\/80\.sock\n$/],
        ["path --lib", 1, /^unsock: library: [^\n]*is \/proc mounted\? UNSOCK_LIB=FILE names one\n$/],
        [
          "make-control --port 80 --unix /none",
          2,
          /^unsock: make-control: the library alone has no such command, [^\n]*: --help\n$/,
        ],
        ["wait 80 --timeout 0", 1, /^unsock: wait: port 80 in \/s: after 0 s nobody listens/],
        ["wait 80 --gone", 0, /^$/],
        ["prune", 0, /^$/],
      ];
      for (const [words, code, says] of outcomes) {
        const result = await execute(words.split(" "), env);
        assertMatch(result.stdout + result.stderr, says);
        assertStrictEquals(result.code, code, words);
      }
      assertEquals(namesIn(join(root, "s")), ["80.sock"]);
    }),
);

Deno.test(
  "in an empty root run -- COMMAND reports the missing file in one line",
  options,
  () =>
    withRoot({}, async (_root, execute) => {
      const result = await execute(["run", "--", "/busybox"], { UNSOCK_DIR: "/s" });
      assertStrictEquals(result.code, 125);
      assertMatch(result.stderr, /^unsock: library: [^\n]*is \/proc mounted\? UNSOCK_LIB=FILE names one\n$/);
    }),
);

Deno.test({
  name: "in a root with one static program and /proc, run -- COMMAND executes it with the library named",
  ignore: options.ignore || !need("busybox") || Deno.uid() !== 0,
  fn: () =>
    withDir(async (root) => {
      for (
        const [name, file] of [["libunsock.so", libraryFile()], ["busybox", findProgram("busybox") ?? ""]] as const
      ) {
        copyProgram(file, join(root, name));
        Deno.chmodSync(join(root, name), 0o755);
      }
      Deno.mkdirSync(join(root, "proc"));
      const script = `mount -t proc proc "$0/proc" && exec chroot "$0" /libunsock.so run -- busybox env`;
      const result = await run(["unshare", "--mount", "sh", "-c", script, root], {
        env: { UNSOCK_DIR: "/s", PATH: `${Deno.env.get("PATH")}:/usr/sbin:/sbin:/` },
      });
      assertStrictEquals(result.code, 0, result.stderr);
      assertMatch(result.stdout, /^LD_PRELOAD=\/libunsock\.so$/m);
      assertMatch(result.stdout, /^UNSOCK_DIR=\/s$/m);
    }),
});
