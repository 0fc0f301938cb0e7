/** docs/test-runners.md */
import { assertMatch, assertStrictEquals } from "@std/assert";
import * as path from "@std/path/posix";
import { assertNoIpListener } from "../support/net.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";
import { Reader } from "./page.ts";

const programText = programsOf(import.meta);

const MODULE = path.join(import.meta.dirname ?? ".", "..", "..", "packaging", "npm");
const MACHINE = Deno.build.arch === "aarch64" ? "arm64" : "x64";

/** They want programs that no other test does: `deno task test:pages` runs them. */
const LARGE = "it is run by tests/large/debian.ts";
const RUNNERS = "it is run by tests/large/runners.ts";

const HERE = "another test here runs it";

const ELSEWHERE = {
  CMAKE_TEST_LAUNCHER: LARGE,
  "meson setup": LARGE,
  "--dist load": LARGE,
  "cargo test": RUNNERS,
  "jupyter-server": RUNNERS,
  "npx jest": RUNNERS,
  "npx mocha": RUNNERS,
  "npx vitest": RUNNERS,
  "npx playwright": RUNNERS,
  "#SBATCH": RUNNERS,
};

const EACH = { "--each -- npm test": HERE, "--each --fallback": HERE, "--each make": HERE };

const GO = `package suite
import ("io"; "net"; "testing"; "time")
func TestServer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:3000")
	if err != nil { t.Fatal(err) }
	go func() { connection, _ := listener.Accept(); connection.Write([]byte("NAME")); connection.Close() }()
	time.Sleep(time.Second / 2)
	client, err := net.Dial("tcp", "127.0.0.1:3000")
	if err != nil { t.Fatal(err) }
	answer, _ := io.ReadAll(client)
	if string(answer) != "NAME" { t.Fatal(string(answer)) }
}
`;

/** As npm would. */
async function placeModule(home: string): Promise<void> {
  const [module, machine] = [`${home}/node_modules/unsock`, `${home}/node_modules/unsock-linux-${MACHINE}`];
  for (const made of [module, `${machine}/lib`]) await Deno.mkdir(made, { recursive: true });
  for (const name of ["unsock.cjs", "unsock.mjs"]) await Deno.copyFile(`${MODULE}/${name}`, `${module}/${name}`);
  await Deno.copyFile(libraryFile(), `${machine}/lib/libunsock.so`);
  await Deno.writeTextFile(`${module}/package.json`, '{ "exports": "./unsock.mjs" }');
  await Deno.writeTextFile(`${machine}/package.json`, "{}");
}

Deno.test({
  name: "docs: node's, Go's and Python's test runners, with two suites at once on one port",
  ignore: !need("node", "go", "python3"),
  fn: () =>
    Reader.with("test-runners", async (reader) => {
      await placeModule(reader.home);
      for (const name of ["one", "two"]) {
        await Deno.writeTextFile(`${reader.home}/${name}.test.mjs`, reader.block("js", "node:test"));
      }
      const node = await reader.run("node --test");
      assertMatch(node.stdout, /^. pass 2$/m);
      const deno = [
        "env",
        "NO_COLOR=1",
        Deno.execPath(),
        "test",
        "-A",
        "--no-check",
        "--node-modules-dir=manual",
        "--parallel",
      ];
      assertMatch((await reader.tryCommand(deno)).stdout, /ok \| 2 passed \| 0 failed/);
      for (const name of ["one", "two"]) {
        await Deno.mkdir(`${reader.home}/${name}`);
        await Deno.writeTextFile(`${reader.home}/${name}/suite_test.go`, GO.replaceAll("NAME", name));
      }
      await Deno.writeTextFile(`${reader.home}/go.mod`, "module example.org/suite\n");
      assertMatch((await reader.run("go test")).stdout, /^ok .*one[^]*^ok .*two/m);
      await Deno.writeTextFile(`${reader.home}/test_suite.py`, programText("suite"));
      const python = await reader.run("unittest");
      assertStrictEquals(python.stderr.match(/^OK$/gm)?.length, 2, python.stderr);
      assertNoIpListener(3000);
    }, { cannotRun: { ...ELSEWHERE, ...EACH } }),
});

Deno.test({
  name:
    "docs: --each with npm test and make, four workers at once on one port, and a server of the real network for all",
  ignore: !need("node", "npm", "make", "python3"),
  fn: () =>
    Reader.with("test-runners", async (reader) => {
      const { home } = reader;
      const testScript = (port = "") => `DATABASE=${port} node --test --test-reporter=tap --test-concurrency=4`;
      const setScript = (script: string) =>
        Deno.writeTextFile(`${home}/package.json`, JSON.stringify({ scripts: { test: script } }));
      for (const name of [1, 2, 3, 4]) {
        await Deno.writeTextFile(`${home}/${name}.test.cjs`, programText("worker.cjs"));
      }
      await setScript(testScript());
      assertMatch((await reader.run("--each -- npm test")).stdout, /^# pass 4$/m);
      await Deno.remove(`${home}/there`, { recursive: true });
      using database = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const served = serveShared(database);
      await setScript(testScript(`${database.addr.port}`));
      assertMatch((await reader.run("--each --fallback")).stdout, /^# pass 4$/m);
      database.close();
      await served;
      await Deno.remove(`${home}/there`, { recursive: true });
      const recipe = "\t@node 1.test.cjs >$@.out && echo passed $@";
      await Deno.writeTextFile(`${home}/Makefile`, `check: a b c d\na b c d:\n${recipe}\n`);
      assertStrictEquals((await reader.run("--each make")).stdout.match(/^passed/gm)?.length, 4);
    }, { cannotRun: { ...ELSEWHERE, "node --test": HERE, "go test -exec": HERE, unittest: HERE } }),
});

/** Answers each client, until the listener is closed. */
async function serveShared(listener: Deno.Listener): Promise<void> {
  for await (const connection of listener) {
    await connection.write(new TextEncoder().encode("shared"));
    connection.close();
  }
}
