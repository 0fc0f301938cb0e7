/**
 * Tests the pages about programs that are large, or that no other test needs. Run by `deno task test:pages`, not by CI.
 * The programs are Debian's: cmake, meson, ninja-build, python3-pytest-xdist, podman.
 */
import { assertMatch, assertStringIncludes } from "@std/assert";
import { readBlocks, Reader } from "../docs/page.ts";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";

const programText = programsOf(import.meta);

const QUADLET = "/usr/lib/systemd/system-generators/podman-system-generator";
const ELSEWHERE = "it is run by tests/docs";
const RUNNERS = "it is run by tests/large/runners.ts";

const CMAKE = `cmake_minimum_required(VERSION 3.29)
project(suite C)
enable_testing()
add_executable(suite suite.c)
add_test(NAME one COMMAND suite)
add_test(NAME two COMMAND suite)
`;

const MESON = `project('suite', 'c')
suite = executable('suite', 'suite.c')
test('one', suite)
test('two', suite)
`;

Deno.test("docs: CTest's, Meson's and pytest's workers, two at once on one port", () =>
  Reader.with("test-runners", async (reader) => {
    const { home } = reader;
    for (
      const [name, text] of [["suite.c", programText("suite.c")], ["CMakeLists.txt", CMAKE], [
        "meson.build",
        MESON,
      ]] as const
    ) {
      await Deno.writeTextFile(`${home}/${name}`, text);
    }
    await Deno.writeTextFile(`${home}/test_suite.py`, programText("test_suite"));
    assertMatch((await reader.run("CMAKE_TEST_LAUNCHER")).stdout, /100% tests passed, 0 tests failed out of 2/);
    await Deno.remove(`${home}/build`, { recursive: true });
    assertMatch((await reader.run("meson setup")).stdout, /^Ok: +2\s*$/m);
    assertMatch((await reader.run("--dist load")).stdout, /4 passed/);
  }, {
    // Debian's own Python has Debian's pytest.
    places: () => ({ python3: "/usr/bin/python3" }),
    cannotRun: {
      "node --test": ELSEWHERE,
      "go test": ELSEWHERE,
      unittest: ELSEWHERE,
      "cargo test": RUNNERS,
      "jupyter-server": RUNNERS,
      "npx jest": RUNNERS,
      "npx mocha": RUNNERS,
      "npx vitest": RUNNERS,
      "npx playwright": RUNNERS,
      "#SBATCH": RUNNERS,
      "--each -- npm test": ELSEWHERE,
      "--each --fallback": ELSEWHERE,
      "--each make": ELSEWHERE,
    },
  }));

Deno.test("docs: Podman's generator makes a service of the Quadlet drop-in", () =>
  withDir(async (dir) => {
    const [dropIn = { text: "" }] = readBlocks("containers").filter(({ language }) => language === "ini");
    await Deno.mkdir(`${dir}/web.container.d`);
    await Deno.writeTextFile(`${dir}/web.container`, "[Container]\nImage=docker.io/library/python:3\n");
    await Deno.writeTextFile(`${dir}/web.container.d/unsock.conf`, dropIn.text);
    const env = { QUADLET_UNIT_DIRS: dir };
    const { stdout, stderr } = await run([QUADLET, "--user", "--dryrun"], { env });
    const [command = stderr] = /^ExecStart=.*$/m.exec(stdout + stderr) ?? [];
    for (
      const part of [
        " --network none ",
        " -v %h/.local/lib/libunsock.so:/libunsock.so:ro ",
        " -v %t/unsock:/sockets ",
        " --env LD_PRELOAD=/libunsock.so ",
        " --env UNSOCK_DIR=/sockets ",
      ]
    ) assertStringIncludes(command, part);
    assertMatch(stdout + stderr, /^ExecStartPre=install -d -m 700 %t\/unsock$/m);
  }));
