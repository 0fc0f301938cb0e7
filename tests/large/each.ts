/**
 * Tests the table of runners in docs/test-runners.md: four workers of each, all with a server in the test's own process on one port.
 * With one loopback for all (`--private`) one of four passes; with `--each` all do. Run by `deno task test:pages`, not by CI: the
 * runners come from npm's registry and from Debian.
 */
import { assertEquals, assertMatch, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { unsockCommand } from "../cli/unsock.ts";
import { run, type RunResult } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need, searchPath } from "../support/programs.ts";

const programText = programsOf(import.meta);

/** Pinned: another version is tried by changing this. Newer ones of vitest want a newer Node.js than Debian's. */
const PACKAGES = [
  "jest@30.5.2",
  "vitest@4.1.12",
  "mocha@11.8.0",
  "ava@6.4.1",
  "@playwright/test@1.65.1",
  "bun@1.4.5",
  "pnpm@10.34.9",
  "yarn@1.22.22",
];
const LONG_MS = 300_000;
const NAMES = ["1", "2", "3", "4"];
const MS = 200_000;

/** A runner: its command, and the file of the worker's test of this name. */
interface Runner {
  readonly command: string;
  readonly file?: (name: string) => readonly [path: string, text: string];
  readonly files?: Readonly<Record<string, string>>;
  /** The name that `--each` needs; the known ones need none. */
  readonly each?: string;
}

const imported = (from: string) => `import check from "../check.cjs"; import { test } from "${from}";`;

const OF_NPM: Readonly<Record<string, Runner>> = {
  jest: {
    command: "jest --maxWorkers=4",
    file: (name) => [`j/${name}.test.js`, `test("own", () => require("../check.cjs")("${name}"), ${MS});`],
    // With this limit jest starts workers even for tests that took less than a second the last time.
    files: { "jest.config.cjs": 'module.exports = { roots: ["<rootDir>/j"], workerIdleMemoryLimit: "1GB" };' },
  },
  vitest: {
    command: "vitest run --pool=forks --maxWorkers=4",
    file: (name) => [`v/${name}.test.mjs`, `${imported("vitest")} test("own", () => check("${name}"), ${MS});`],
    files: { "vitest.config.mjs": 'export default { test: { include: ["v/*.mjs"] } };' },
  },
  mocha: {
    command: `mocha --parallel --jobs 4 --timeout ${MS} m/1.cjs m/2.cjs m/3.cjs m/4.cjs`,
    file: (name) => [`m/${name}.cjs`, `it("own", () => require("../check.cjs")("${name}"));`],
  },
  "mocha with an option of Node.js's": {
    command: `mocha --expose-gc --parallel --jobs 4 --timeout ${MS} m/1.cjs m/2.cjs m/3.cjs m/4.cjs`,
  },
  "node --test": {
    command: "node --test --test-concurrency=4 n/",
    file: (
      name,
    ) => [`n/${name}.test.cjs`, `require("node:test").test("own", () => require("../check.cjs")("${name}"));`],
  },
  ava: {
    command: `ava --concurrency=4 --no-worker-threads --timeout=${MS}ms a/1.mjs a/2.mjs a/3.mjs a/4.mjs`,
    file: (name) => [
      `a/${name}.mjs`,
      `import check from "../check.cjs"; import test from "ava"; test("own", async (t) => { await check("${name}"); t.pass(); });`,
    ],
  },
  Playwright: {
    command: "playwright test --workers=4",
    file: (name) => [`p/${name}.spec.mjs`, `${imported("@playwright/test")} test("own", () => check("${name}"));`],
    files: { "playwright.config.mjs": `export default { testDir: "p", timeout: ${MS} };` },
  },
  "bun test": {
    command: "bun test --parallel=4 b/",
    file: (name) => [`b/${name}.test.mjs`, `${imported("bun:test")} test("own", () => check("${name}"), ${MS});`],
  },
};

/** The ways to a runner that package managers and scripts are. */
const WAYS: readonly string[] = [
  "npm test",
  "npx jest --maxWorkers=4",
  "npx mocha --parallel --jobs 4 m/1.cjs m/2.cjs m/3.cjs m/4.cjs",
  "npx vitest run --pool=forks --maxWorkers=4",
  "pnpm test",
  "pnpm exec vitest run --pool=forks --maxWorkers=4",
  "yarn -s test",
  "yarn -s jest --maxWorkers=4",
  "sh suite.sh",
];

/** Go's package of this name, and what Debian's runners need. */
const OF_DEBIAN: Readonly<Record<string, Runner>> = {
  "pytest (xdist)": {
    command: "/usr/bin/python3 -m pytest -n 4 -q -p no:cacheprovider",
    file: (name) => [`test_${name}.py`, programText("test_own")],
  },
  "pytest-3 (xdist)": { command: "/usr/bin/pytest-3 -n 4 -q -p no:cacheprovider" },
  prove: {
    command: "prove -j4 t/1.t t/2.t t/3.t t/4.t",
    file: (name) => [
      `t/${name}.t`,
      `print "1..1\\n"; print "not " if system("/usr/bin/python3", "check.py", "${name}"); print "ok 1\\n";\n`,
    ],
  },
  CTest: {
    command: "ctest --test-dir built -j4",
    files: {
      "CMakeLists.txt": `cmake_minimum_required(VERSION 3.20)
project(suite NONE)
enable_testing()
foreach(name ${NAMES.join(" ")})
  add_test(NAME own\${name} COMMAND /usr/bin/python3 check.py \${name} WORKING_DIRECTORY \${CMAKE_SOURCE_DIR})
endforeach()
`,
    },
  },
  Meson: {
    command: "meson test -C meson --no-rebuild -j4",
    files: {
      "meson.build": `project('suite')
python = find_program('/usr/bin/python3')
foreach name : ${JSON.stringify(NAMES).replaceAll('"', "'")}
  test(name, python, args: ['check.py', name], workdir: meson.current_source_dir())
endforeach
`,
    },
  },
  "GNU make": {
    command: "make -k -j4",
    files: { Makefile: `all: ${NAMES.join(" ")}\n${NAMES.join(" ")}:\n\t/usr/bin/python3 check.py $@\n` },
    each: "make",
  },
  xargs: {
    command: `printf '%s\\n' ${NAMES.join(" ")} | xargs -P4 -n1 /usr/bin/python3 check.py`,
    each: "xargs",
  },
  "GNU parallel": {
    command: `parallel --will-cite -j4 /usr/bin/python3 check.py ::: ${NAMES.join(" ")}`,
    each: "parallel",
  },
};

const OF_GO: Runner = {
  command: "go test -count=1 -p 4 ./...",
  file: (name) => [`p${name}/own_test.go`, programText("server.go")],
};

async function write(dir: string, { file, files = {} }: Runner): Promise<void> {
  const all = [...Object.entries(files), ...file === undefined ? [] : NAMES.map(file)];
  for (const [path, text] of all) {
    await Deno.mkdir(`${dir}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(`${dir}/${path}`, text);
  }
}

const inside = (dir: string, options: readonly string[], command: string): Promise<RunResult> => {
  const env = { PATH: `${dir}/node_modules/.bin:${searchPath()}`, CI: "1", GOFLAGS: "" };
  const words = [...unsockCommand(), "run", "--dir", `${dir}/s`, ...options, "--", "sh", "-c", command];
  return run(words, { cwd: dir, env, timeoutMs: LONG_MS });
};

/** The directories of the workers' loopbacks, which are gone with the command. */
function loopbacksOf(dir: string): Set<string> {
  const found = NAMES.flatMap((name) => [name, `p${name}`]).flatMap((name) => {
    try {
      return [Deno.readTextFileSync(`${dir}/there/${name}`)];
    } catch {
      return [];
    }
  });
  assertStrictEquals(found.length, NAMES.length, "each worker has tried");
  Deno.removeSync(`${dir}/there`, { recursive: true });
  assertEquals([...Deno.readDirSync(`${dir}/s`)], []);
  return new Set(found);
}

async function passesInEach(dir: string, command: string, name?: string): Promise<void> {
  const { code, stdout, stderr } = await inside(dir, [name === undefined ? "--each" : `--each=${name}`], command);
  assertStrictEquals(code, 0, `${command}\n${stdout}${stderr}`);
  assertStrictEquals(loopbacksOf(dir).size, NAMES.length, command);
}

async function failsInOne(dir: string, command: string): Promise<void> {
  const { code, stdout, stderr } = await inside(dir, ["--private"], command);
  assertNotStrictEquals(code, 0, command);
  assertMatch(stdout + stderr, /EADDRINUSE|address already in use|Failed|FAIL/i);
  assertStrictEquals(loopbacksOf(dir).size, 1);
}

async function checkRunner(dir: string, { command, each }: Runner): Promise<void> {
  await failsInOne(dir, command);
  await passesInEach(dir, command, each);
}

Deno.test({
  name: "--each: workers of npm's test runners, also behind npm, npx, pnpm, yarn and a script",
  ignore: !need("npm", "node"),
  fn: async (t) => {
    await withDir(async (dir) => {
      await Deno.writeTextFile(`${dir}/package.json`, JSON.stringify({ scripts: { test: OF_NPM.mocha?.command } }));
      await Deno.writeTextFile(`${dir}/suite.sh`, "npm run test\n");
      const env = { PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: "1" };
      const install = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", ...PACKAGES];
      const { code, stderr } = await run(install, { cwd: dir, env, timeoutMs: LONG_MS });
      assertStrictEquals(code, 0, stderr);
      await Deno.writeTextFile(`${dir}/check.cjs`, programText("check.cjs"));
      for (const runner of Object.values(OF_NPM)) await write(dir, runner);
      for (const [name, runner] of Object.entries(OF_NPM)) await t.step(name, () => checkRunner(dir, runner));
      for (const way of WAYS) await t.step(way, () => passesInEach(dir, way));
    });
  },
});

Deno.test({
  name: "--each: workers of Debian's test runners, of make, xargs and GNU parallel",
  ignore: !need("python3", "prove", "cmake", "ctest", "meson", "make", "xargs", "parallel"),
  fn: async (t) => {
    await withDir(async (dir) => {
      await Deno.writeTextFile(`${dir}/check.py`, programText("check"));
      for (const runner of Object.values(OF_DEBIAN)) await write(dir, runner);
      for (const made of ["cmake -S . -B built", "meson setup meson"]) {
        const { code, stdout, stderr } = await run(made.split(" "), { cwd: dir });
        assertStrictEquals(code, 0, stdout + stderr);
      }
      for (const [name, runner] of Object.entries(OF_DEBIAN)) await t.step(name, () => checkRunner(dir, runner));
    });
  },
});

Deno.test({
  name: "--each: the tests of Go's packages, which are static programs",
  ignore: !need("go"),
  fn: () =>
    withDir(async (dir) => {
      await Deno.writeTextFile(`${dir}/go.mod`, "module example.org/suite\n");
      await write(dir, OF_GO);
      await checkRunner(dir, OF_GO);
    }),
});
