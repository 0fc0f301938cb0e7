/**
 * glibc 2.31, the oldest that Debian's mirrors still carry: `dlsym` is in libdl there, which few programs link, and
 * threads are in libpthread, which has `accept`, `connect` and others once more.
 */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { COMPILE_FLAGS, findFiles } from "../../scripts/build.ts";
import { namesIn, withDir } from "../support/dir.ts";
import { ROOT, testForeignProbes } from "../support/foreign.ts";
import { run, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryEnv } from "../support/library.ts";
import { until } from "../support/wait.ts";
import { canFetchOldRoot, oldRoot } from "./old_root.ts";
import { oldGlibc, oldGlibcWithLibdl } from "./targets.ts";

const programText = programsOf(import.meta);

const ignore = !need("gcc", "apt-get", "dpkg") || !canFetchOldRoot();

testForeignProbes({
  where: "glibc 2.31",
  target: oldGlibc,
  ignore,
  without: {
    lifetime: "glibc 2.31 has neither close_range nor closefrom",
    vfork_spawn: "glibc 2.31 has neither close_range nor closefrom",
  },
});

testForeignProbes({
  where: "glibc 2.31 with libdl",
  target: oldGlibcWithLibdl,
  ignore,
  only: ["signals", "stream_addresses", "datagram_basic", "epoll_before_redirect"],
});

Deno.test({
  name: "the library compiles with the headers of glibc 2.31 and Linux 5.10",
  ignore,
  fn: async () => {
    const { directory } = await oldRoot();
    const flags = [`--sysroot=${directory}`, ...COMPILE_FLAGS, "-fsyntax-only"];
    const result = await run(["gcc", ...flags, ...await findFiles("c", ".c")], { cwd: ROOT });
    assertStrictEquals(result.stderr, "");
    assertStrictEquals(result.code, 0);
  },
});

Deno.test({
  name:
    "glibc 2.31: a server of the old Debian and a client of this machine agree on addresses, and the other way round",
  ignore: ignore || !need("python3"),
  fn: async () => {
    const { directory, linker, libraries } = await oldRoot();
    const path = [libraries, join(directory, "usr", "lib", `${Deno.build.arch}-linux-gnu`)].join(":");
    const old = [linker, "--library-path", path, join(directory, "usr", "bin", "python3.9")];
    for (const [server, client] of [[old, ["python3"]], [["python3"], old]] as const) {
      await withDir(async (dir) => {
        const options = { env: libraryEnv(dir, { PYTHONHOME: "" }) };
        const home = { env: { ...options.env, PYTHONHOME: join(directory, "usr") } };
        const surroundings = (command: readonly string[]) => command === old ? home : options;
        await using serving = start([...server, "-c", programText("server")], surroundings(server));
        const [port = ""] = await until("the server has its port", () => /^\d+$/m.exec(serving.output()));
        assertEquals(namesIn(dir), [`${port}.sock`]);
        const result = await run([...client, "-c", programText("client"), port], surroundings(client));
        assertStrictEquals(result.stdout, "True\n", result.stderr);
      });
    }
  },
});
