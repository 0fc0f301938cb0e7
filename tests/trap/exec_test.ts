/** Every way to execute a program under unsock keeps the library, with whatever environment. */
import { assertEquals, assertMatch, assertStrictEquals, fail } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { withDir, writeProgram } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { NOBODY, whyNoOtherUser } from "../support/users.ts";
import { libraryEnv, libraryFile } from "../support/library.ts";
import { buildLinked, canLink, type Linking } from "../support/static.ts";

const HERE = dirname(fromFileUrl(import.meta.url));
const WAYS = [
  ...[
    "execve",
    "execve, no environment",
    "execv",
    "execvp",
    "execvpe",
    "execl",
    "execlp",
    "execle",
    "execveat",
    "fexecve",
  ],
  ...[
    "fexecve of a path",
    "memfd",
    "syscall",
    "past libc",
    "posix_spawn",
    "posix_spawnp",
    "pidfd_spawn",
    "pidfd_spawnp",
    "vfork",
    "many vforks",
    "system",
    "popen",
  ],
];

/** Ways that preloading cannot intercept: system calls by the program's own instructions. */
const BEYOND_PRELOADING = ["past libc"];

let nextPort = 21_000;

interface Programs {
  dir: string;
  starter: (linking: Linking) => string;
  child: (linking: Linking) => string;
}

async function withPrograms(linkings: Linking[], use: (programs: Programs) => Promise<void>): Promise<void> {
  await withDir(async (dir) => {
    const built = new Map<string, string>();
    for (const linking of linkings) {
      for (const name of ["child", "start_child"]) {
        built.set(`${name} ${linking}`, await buildLinked(join(HERE, `${name}.c`), dir, linking));
      }
    }
    const get = (name: string) => built.get(name) ?? fail(name);
    const sockets = join(dir, "s");
    await Deno.mkdir(sockets);
    await use({ dir: sockets, starter: (one) => get(`start_child ${one}`), child: (one) => get(`child ${one}`) });
  });
}

/** Runs a command by `libunsock.so run`, with nothing but the settings in the environment. */
async function runFree(dir: string, command: string[], env: Record<string, string> = {}, cwd?: string) {
  const { LD_PRELOAD: _, ...settings } = libraryEnv(dir, env);
  return await run([libraryFile(), "run", "--", ...command], { env: settings, cwd });
}

function testStarts(parent: Linking, child: Linking): void {
  Deno.test({
    name: `a ${parent} program starts a ${child} one, in every way, with an empty environment: it is redirected`,
    ignore: ![parent, child].every(canLink),
    fn: () =>
      withPrograms([...new Set([parent, child])], async (programs) => {
        const ways = WAYS.filter((way) => parent !== "dynamic" || !BEYOND_PRELOADING.includes(way));
        const found: string[] = [];
        for (const way of ways) {
          const command = [
            programs.starter(parent),
            way,
            programs.child(child),
            programs.dir,
            String(nextPort++),
            "last",
          ];
          const { code, stdout, stderr } = await runFree(programs.dir, command);
          if (code !== 0 || stdout !== "redirected 1 0 last\n") found.push(`${way}: ${code} ${stdout}${stderr}`);
        }
        assertEquals(found, []);
        assertEquals([...Deno.readDirSync(programs.dir)], [], "their files went with them");
      }),
  });
}

testStarts("dynamic", "dynamic");
testStarts("dynamic", "static");
testStarts("static", "static");
testStarts("static", "dynamic");
testStarts("static-pie", "musl");
testStarts("musl", "static-pie");

Deno.test({
  name: "a script whose interpreter is static is redirected, from preloaded and from static programs",
  ignore: !["static", "dynamic"].every((one) => canLink(one as Linking)),
  fn: () =>
    withPrograms(["dynamic", "static"], async ({ dir, starter, child }) => {
      for (const parent of ["dynamic", "static"] as const) {
        for (const interpreter of ["dynamic", "static"] as const) {
          // The kernel passes: interpreter, its one argument, the script's name (here a port), the script's arguments.
          const port = String(nextPort++);
          writeProgram(join(dirname(dir), port), `#! ${child(interpreter)} ${dir} \n`);
          const command = [starter(parent), "execve", port, "last", "x", "y"];
          const { stdout, stderr } = await runFree(dir, command, {}, dirname(dir));
          assertStrictEquals(stdout, "redirected 1 0 last\n", `${parent} ${interpreter}: ${stderr}`);
        }
      }
    }),
});

async function assertTaken({ dir, child }: Programs, starts: readonly string[][]): Promise<void> {
  for (const linking of ["dynamic", "static"] as const) {
    for (const start of starts) {
      const { stdout, stderr } = await runFree(dir, [...start, child(linking), dir, String(nextPort++), "last"]);
      assertStrictEquals(stdout, "redirected 1 0 last\n", `${start.join(" ")}: ${stderr}`);
    }
  }
}

Deno.test({
  name: "a program that clears the environment keeps the library for its children",
  ignore: !need("busybox") || !canLink("static"),
  fn: () =>
    withPrograms(["dynamic", "static"], (programs) =>
      assertTaken(programs, [
        ["env", "-i"],
        ["sh", "-c", 'exec env -i "$@"', "sh"],
        ["busybox", "env", "-i"],
        ["env", "LD_PRELOAD=/nowhere/libunsock.so"],
        ["env", "LD_PRELOAD="],
        ["env", "-u", "LD_PRELOAD", "-u", "UNSOCK_DIR"],
      ])),
});

Deno.test({
  name: "a program that changes its user and clears the environment keeps the library for its children",
  ignore: whyNoOtherUser() !== undefined || !canLink("static"),
  fn: () =>
    withPrograms(["dynamic", "static"], async (programs) => {
      const { dir } = programs;
      await Deno.chmod(dirname(dir), 0o755);
      // Not with rights for everybody, which run refuses.
      await Deno.chown(dir, NOBODY, NOBODY);
      await assertTaken(programs, [["setpriv", `--reuid=${NOBODY}`, "--clear-groups", "--reset-env"]]);
    }),
});

Deno.test({
  name: "UNSOCK_OFF=1 turns the library off in preloaded and static programs, and in the programs that they start",
  ignore: !need("busybox") || !canLink("static"),
  fn: () =>
    withPrograms(["dynamic", "static"], async ({ dir, child }) => {
      for (const shell of [["sh", "-c"], ["busybox", "sh", "-c"]]) {
        for (const linking of ["dynamic", "static"] as const) {
          for (const off of ["UNSOCK_OFF=1", "UNSOCK_OFF=1 /usr/bin/env -i", "UNSOCK_OFF=1 sh -c 'exec \"$@\"' sh"]) {
            const port = String(nextPort++);
            const { stdout, stderr } = await runFree(dir, [...shell, `${off} ${child(linking)} ${dir} ${port} x`]);
            assertMatch(stdout, /^on the network [01] 0 x\n$/, `${shell.join(" ")} ${off} ${linking}: ${stderr}`);
          }
        }
      }
    }),
});

Deno.test({
  name: "UNSOCK_ENGINE=preload reports a program that it does not reach; with UNSOCK_STRICT the program is not started",
  ignore: !canLink("static"),
  fn: () =>
    withPrograms(["dynamic", "static"], async ({ dir, starter, child }) => {
      const start = (env: Record<string, string>) =>
        runFree(dir, [starter("dynamic"), "execve", child("static"), dir, String(nextPort++), "x"], {
          UNSOCK_ENGINE: "preload",
          ...env,
        });
      const named = await start({});
      assertMatch(named.stdout, /^on the network/);
      assertMatch(named.stderr, /^unsock: \S+child-static: .*UNSOCK_ENGINE is preload: it is not redirected\n$/);
      for (const strict of [{ UNSOCK_STRICT: "1" }, { UNSOCK_BLOCK_INET: "1" }] as Record<string, string>[]) {
        const refused = await start(strict);
        assertStrictEquals(refused.stdout, "");
        assertMatch(refused.stderr, /not started \(UNSOCK_STRICT\)\nexecve: Permission denied\n$/);
      }
      assertMatch((await start({ UNSOCK_BLOCK_INET: "1", UNSOCK_STRICT: "0" })).stdout, /^on the network/);
    }),
});

Deno.test({
  name: "UNSOCK_ENGINE=trap reaches programs that dynamic programs execute without libc",
  ignore: !canLink("dynamic"),
  fn: () =>
    withPrograms(["dynamic"], async ({ dir, starter, child }) => {
      for (const way of BEYOND_PRELOADING) {
        const command = [starter("dynamic"), way, child("dynamic"), dir, String(nextPort++), "x"];
        assertStrictEquals((await runFree(dir, command, { UNSOCK_ENGINE: "trap" })).stdout, "redirected 1 0 x\n", way);
        const preloaded = await run(command, { env: libraryEnv(dir, { UNSOCK_ENGINE: "trap" }) });
        assertStrictEquals(preloaded.stdout, "redirected 1 0 x\n", `${way}, preloaded: ${preloaded.stderr}`);
      }
    }),
});

Deno.test({
  name: "errors of exec are the kernel's",
  ignore: !canLink("static"),
  fn: () =>
    withPrograms(["dynamic", "static"], async ({ dir, starter }) => {
      const above = dirname(dir);
      await Deno.writeTextFile(join(above, "text"), "no program\n", { mode: 0o755 });
      await Deno.writeTextFile(join(above, "closed"), "#!/bin/sh\n", { mode: 0o644 });
      await Deno.writeTextFile(join(above, "closed-text"), "exit 0\n", { mode: 0o644 });
      await Deno.writeTextFile(join(above, "led"), `#!${join(above, "closed-text")}\n`, { mode: 0o755 });
      await Deno.writeTextFile(join(above, "lost"), "#!/nowhere/at/all\n", { mode: 0o755 });
      for (
        const [file, error] of [
          ["text", "Exec format error"],
          ["closed", "Permission denied"],
          // Not "Exec format error": execvp has /bin/sh run what that is said of.
          ["closed-text", "Permission denied"],
          ["led", "Permission denied"],
          ["lost", "No such file or directory"],
          ["absent", "No such file or directory"],
          ["", "Permission denied"],
        ]
      ) {
        for (const linking of ["dynamic", "static"] as const) {
          const { stderr } = await runFree(dir, [starter(linking), "execve", join(above, file ?? ""), "a", "b", "c"]);
          assertStrictEquals(stderr, `execve: ${error}\n`, `${linking} ${file}`);
        }
      }
    }),
});
