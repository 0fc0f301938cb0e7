/** `unsock run` and `libunsock.so run` are one: the same words through both, the same output and exit status. */
import { assertEquals } from "@std/assert";
import * as path from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { run, type RunOptions, type RunResult } from "../support/process.ts";
import { libraryFile } from "../support/library.ts";
import { testedLibrary, unsockCommand } from "./unsock.ts";

const PATH = `/nowhere:${Deno.env.get("PATH") ?? "/usr/bin:/bin"}`;

/** Both, from the same directory and environment. */
async function both(words: readonly string[], options: RunOptions = {}): Promise<[RunResult, RunResult]> {
  const env = { PATH, HOME: Deno.env.get("HOME") ?? "/", NO_COLOR: "1", ...testedLibrary(), ...options.env };
  const start = (program: readonly string[]) => run([...program, "run", ...words], { ...options, env, clearEnv: true });
  return await Promise.all([start(unsockCommand()), start([libraryFile()])]);
}

async function assertSame(words: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [command, library] = await both(words, options);
  assertEquals(library, command, words.join(" "));
  return library;
}

/** `@` stands for a directory of the test's own. */
const WORDS: readonly (readonly string[])[] = [
  [],
  ["--"],
  ["--dry-run", "true"],
  ["--dry-run", "--", "true"],
  ["--dry-run", "--dir", "@/x", "--port", "80,90-99", "--mode=660", "echo", "it's", "", "a b", "--dir"],
  ["--dry-run", "--dir=rel/../other//x/", "--log", "--block-inet", "--strict", "--", "true", "--"],
  [
    "--dry-run",
    "--log=rel.log",
    "--engine",
    "trap",
    "--timeout",
    "7",
    "--one-address",
    "--fallback",
    "--block-inet6",
    "true",
  ],
  ["--dry-run", "--accept-convert", "vsock", "true"],
  ["--dry-run", "--accept-convert=none", "--dir", "@/a", "--dir", "@/b", "true"],
  ["--drx", "@", "true"],
  ["--direct", "@", "true"],
  ["--por=1", "true"],
  ["--blok-inet", "true"],
  ["-x", "true"],
  ["--dir"],
  ["--dir="],
  ["--dir", "--port", "80", "true"],
  ["--dir", "@/a", "--dir=", "true"],
  ["--force=1", "true"],
  ["--log=", "--dry-run", "true"],
  ["--port", "99999", "true"],
  ["--addr", "1.2.3", "true"],
  ["--mode", "999", "true"],
  ["--engine", "both", "true"],
  ["--accept-convert", "some", "true"],
  ["--timeout", "0", "true"],
  ["--dir", "/", "true"],
  ["--dir", `/${"d".repeat(95)}`, "true"],
  ["--dir", "@/missing/dir", "true"],
  ["--dir", "@/file", "true"],
  ["--dir", "@/open", "true"],
  ["--dir", "@/open", "--force", "true"],
  ["--dir", "@/s", "true"],
  ["--dir", "@/s", "sh", "-c", "exit 7"],
  ["--dir", "@/s", "sh", "-c", "kill -9 $$"],
  ["--dir", "@/s", "sh", "-c", "echo $LD_PRELOAD; echo $UNSOCK_DIR >&2"],
  ["--dir", "@/s", "/nonexistent"],
  ["--dir", "@/s", "no-such-command"],
  ["--dir", "@/s", ""],
  ["--dir", "@/s", "/etc/passwd"],
  ["--dir", "@/s", "/etc"],
  ["--dir", "@/s", "@/script"],
  ["--dir", "@/s", "@/lost"],
  ["--dir", "@/s", "@/env"],
  ["--dir", "@/s", "--dry-run", "@/env"],
  ["--connect-timeout-ms", "0", "true"],
  ["--dry-run", "--connect-timeout-ms=9", "true"],
  ["--dry-run", "--timeout", "8", "--connect-timeout-ms", "9", "true"],
  ["--timeout="],
  ["--dry-run", "--group", `${Deno.gid()}`, "true"],
  ["--dry-run", "--group", "no such", "true"],
  ["--dry-run", "--dir-mode", "8", "true"],
  ["--dir", "@/g", "--dir-mode", "750", "sh", "-c", "stat -c %a @/g"],
  ["--dir", "@/s", "--dir-mode", "750", "true"],
  ["--dry-run", "--private", "--dir", "@/s", "true"],
  ["--private=1", "true"],
  ["--private", "--dir", `@/${"d".repeat(60)}`, "true"],
  ["--private", "--dir", "@/s", "sh", "-c", "echo ${#UNSOCK_DIR}; stat -c %a $UNSOCK_DIR; exit 7"],
  ["--private", "--dir", "@/s", "--map", "80=/x", "sh", "-c", "ls $UNSOCK_DIR"],
  ["--private", "--dir", "@/s", "--map", "80=/x", "no-such-command"],
  ["--dir", "@/s", "--map", "80", "true"],
  ["--dir", "@/s", "--map=", "true"],
  ["--dir", "@/s", "--map", "81/udp=@/%p-%a", "--map", "82=@name", "--keep", "true"],
  ["--dir", "@/s", "--map", "82=@other", "true"],
  ["--dir", "@/s", "--isolate", "cut", "-d:", "-sf1", "/proc/net/dev"],
  ["--lib", "@/none.so", "true"],
  ["--lib", "@/file", "true"],
  ["--lib", "@/a b.so", "true"],
  ["--lib", "/usr/bin/env", "true"],
  ["--lib", "@", "true"],
];

Deno.test("the same words are the same to both", async () => {
  await withDir(async (dir) => {
    Deno.writeTextFileSync(path.join(dir, "file"), "no library\n");
    Deno.writeTextFileSync(path.join(dir, "script"), "echo $0 $1\n", { mode: 0o755 });
    Deno.writeTextFileSync(path.join(dir, "lost"), "#!/nonexistent/interpreter\n", { mode: 0o755 });
    Deno.writeTextFileSync(path.join(dir, "env"), "#!/usr/bin/env sh\necho by env\n", { mode: 0o755 });
    Deno.mkdirSync(path.join(dir, "s"), { mode: 0o700 });
    Deno.mkdirSync(path.join(dir, "open"));
    Deno.chmodSync(path.join(dir, "open"), 0o777);
    for (const words of WORDS) await assertSame(words.map((word) => word.replaceAll("@", dir)), { cwd: dir });
  });
});

Deno.test("the same variables are the same to both", async () => {
  await withDir(async (dir) => {
    const environments: readonly Record<string, string>[] = [
      {},
      { UNSOCK_DIR: `${dir}//x/` },
      { UNSOCK_DIR: "relative" },
      { UNSOCK_DIR: "" },
      { XDG_RUNTIME_DIR: dir },
      { XDG_RUNTIME_DIR: `${dir}/none` },
      { UNSOCK_ADDR: "::1", UNSOCK_ACCEPT_CONVERT_VSOCK: "1", UNSOCK_PORT: "1" },
      { UNSOCK_PORT: "0" },
      { UNSOCK_PORTS: "80" },
      { LD_PRELOAD: `libc.so.6 ${libraryFile()}:libm.so.6`, UNSOCK_DIR: `${dir}/s` },
      { LD_PRELOAD: " libc.so.6  libm.so.6" },
      { UNSOCK_LIB: `${dir}/none.so` },
      { UNSOCK_ENGINE: "preload" },
    ];
    for (const env of environments) await assertSame(["--dry-run", "true"], { env, cwd: dir });
  });
});
