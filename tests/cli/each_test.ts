/** `unsock run --each`: a loopback for each child of a runner, and one for all other processes. */
import { assert, assertEquals, assertMatch, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import { withDir, writeProgram } from "../support/dir.ts";
import { isAlive, type RunResult, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";
import { until } from "../support/wait.ts";
import { assertFails, byLibrary, unsock } from "./unsock.ts";

const programText = programsOf(import.meta);

/** Words that run a command in `dir`, with a loopback for each child of these programs. */
const inEach = (dir: string, names: string, ...command: string[]) => [
  "run",
  `--each=${names}`,
  "--dir",
  `${dir}/s`,
  "--",
  ...command,
];

/** Whatever is left of the directories, once the command has ended. */
const left = (dir: string) => [...Deno.readDirSync(`${dir}/s`)].map(({ name }) => name);

/** Four workers passed, each in another loopback. */
function assertFour(dir: string, { code, stdout, stderr }: RunResult): void {
  assertStrictEquals(code, 0, stdout + stderr);
  const workers = stdout.trim().split("\n").map((line) => line.split(" "));
  assertEquals(workers.map(([name]) => name).toSorted(), ["1", "2", "3", "4"]);
  assertStrictEquals(new Set(workers.map(([, directory]) => directory)).size, 4);
  assertEquals(left(dir), []);
}

/** Commands that start four workers, by the runner's name. */
const RUNNERS: Readonly<Record<string, string>> = {
  xargs: `seq 4 | xargs -P4 -I{} python3 worker.py {} 4`,
  make: `printf 'all: 1 2 3 4\\n1 2 3 4:\\n\\t@python3 worker.py $@ 4\\nouter:\\n\\t@$(MAKE) -s all\\n' >Makefile;
make -s -j4 --no-print-directory outer`,
  prove: `for i in 1 2 3 4; do echo "print qq(1..1\\n); system(qq(python3 worker.py $i 4 >>printed)) and print qq(not );
print qq(ok 1\\n);" >$i.t; done; prove -j4 *.t >&2 && cat printed`,
  "node --test": `for i in 1 2 3 4; do
echo "console.error(require('child_process').execFileSync('python3', ['worker.py', '$i', '4']) + '')" >$i.test.js; done
node --test --test-concurrency=4 2>&1 | grep -Eo '[1-4] /.*/private/[^ ]*$'`,
};

for (const [name, script] of Object.entries(RUNNERS)) {
  Deno.test({
    name: `--each "${name}": four workers at once on one port`,
    ignore: !need("python3", name.split(" ")[0] ?? ""),
    fn: () =>
      withDir(async (dir) => {
        Deno.writeTextFileSync(`${dir}/worker.py`, programText("worker"));
        assertFour(dir, await unsock(inEach(dir, name, "sh", "-c", script), { cwd: dir }));
      }),
  });
}

Deno.test({
  name: "--private: of four workers at once on one port, one passes",
  ignore: !need("python3", "xargs"),
  fn: () =>
    withDir(async (dir) => {
      Deno.writeTextFileSync(`${dir}/worker.py`, programText("worker"));
      const words = ["run", "--private", "--dir", `${dir}/s`, "--", "sh", "-c", RUNNERS.xargs ?? ""];
      const { stdout, stderr } = await byLibrary(words, { cwd: dir });
      assertStrictEquals(stdout.trim().split("\n").length, 1);
      assertStrictEquals(stderr.match(/Address already in use/g)?.length, 3, stderr);
    }),
});

/** A script that tells the directory of its process, and those of two children. */
const TELLS = `#!/bin/sh
echo "$UNSOCK_DIR"
for child in 1 2; do sh -c 'echo "$UNSOCK_DIR"; exit 0'; done
`;

/** Commands, to whether they run the script, called jest, as a runner. */
const COMMAND_LINES: readonly (readonly [string, boolean])[] = [
  ["./jest", true],
  ["./jest.js --watch no", true],
  ["./jest.mjs", true],
  ["./jest.py", false],
  ["./notjest", false],
  ["sh -e ./jest", true],
  ["sh -o errexit ./jest", true],
  ["env NAME=1 ./jest", true],
  ["timeout 100 ./jest", true],
  ["sh ./other jest", false],
  ["./other ./jest", false],
  ["sh -c '. ./other; exit 0; ./jest'", false],
  ["sh -c 'exec ./jest'", true],
  ["./jest.cjs", true],
];

Deno.test("--each: a runner is a program by its name, or a script behind its interpreter", () =>
  withDir(async (dir) => {
    const names = ["jest", "jest.js", "jest.mjs", "jest.cjs", "jest.py", "notjest", "other"];
    for (const name of names) writeProgram(`${dir}/${name}`, TELLS);
    for (const [command, isRunner] of COMMAND_LINES) {
      const { stdout, stderr } = await byLibrary(inEach(dir, "make,jest", "sh", "-c", `${command}; exit 0`), {
        cwd: dir,
      });
      const [own, ...children] = stdout.trim().split("\n");
      assertMatch(own ?? "", new RegExp(`^${dir}/s/private/[0-9a-f]{6}/0000000$`), stderr);
      assertStrictEquals(new Set(children).size, isRunner ? 2 : 1, command);
      assertStrictEquals(children.includes(own ?? ""), !isRunner, command);
    }
  }));

Deno.test("--each: a name may be a path's end, and have a subcommand or an option, and a word that workers have", () =>
  withDir(async (dir) => {
    Deno.mkdirSync(`${dir}/lib`);
    for (const name of ["go", "lib/cli.js"]) writeProgram(`${dir}/${name}`, TELLS);
    const cases = [
      ["go test", "./go test ./...", true],
      ["go test", "./go -C . test", true],
      ["go test", "./go build test", false],
      ["go test", "./go", false],
      ["go --test", "./go --quiet --test x", true],
      ["go --test", "./go x --test", false],
      ["go test !--worker", "./go test --fast", true],
      ["go test !--worker", "./go test --worker", false],
      ["lib/cli", "./lib/cli.js", true],
      ["lib/cli", "lib/cli.js", true],
      ["ib/cli", "./lib/cli.js", false],
    ] as const;
    for (const [name, command, isRunner] of cases) {
      const { stdout } = await byLibrary(inEach(dir, name, "sh", "-c", `${command}; exit 0`), { cwd: dir });
      assertStrictEquals(new Set(stdout.trim().split("\n")).size, isRunner ? 3 : 1, `${name}: ${command}`);
    }
  }));

for (const engine of ["preload", "trap"]) {
  Deno.test(`--each: a worker keeps its loopback through exec and an empty environment, and its children share it (${engine})`, () =>
    withDir(async (dir) => {
      Deno.writeTextFileSync(`${dir}/print`, 'echo "$UNSOCK_DIR"\n');
      Deno.writeTextFileSync(`${dir}/last`, "sh print; exec sh print\n");
      Deno.writeTextFileSync(`${dir}/worker`, "sh print; env -i /bin/sh print; exec sh last\n");
      writeProgram(`${dir}/jest`, "#!/bin/sh\nenv -i /bin/sh worker; exec sh again\n");
      Deno.writeTextFileSync(`${dir}/again`, "sh worker; exit 0\n");
      const { stdout, stderr } = await byLibrary(
        ["run", "--engine", engine, ...inEach(dir, "jest", "./jest").slice(1)],
        { cwd: dir },
      );
      const lines = stdout.trim().split("\n");
      assertStrictEquals(lines.length, 8, stdout + stderr);
      assertEquals(lines.map((line) => lines.indexOf(line)), [0, 0, 0, 0, 4, 4, 4, 4]);
    }));
}

Deno.test("--each: a loopback is its user's alone, and is gone at the end, with all that is in it", () =>
  withDir(async (dir) => {
    writeProgram(`${dir}/jest`, `#!/bin/sh\numask 0; sh -c 'stat -c %a "$UNSOCK_DIR"; touch "$UNSOCK_DIR/own"'\n`);
    const { stdout, stderr } = await byLibrary(inEach(dir, "jest", "./jest"), { cwd: dir });
    assertStrictEquals(stdout, "700\n", stderr);
    assertEquals(left(dir), []);
  }));

/** A runner's worker that says where it is, and stays. */
const STAYS = `#!/bin/sh\nsh -c 'echo "$UNSOCK_DIR $$" >was; exec sleep 1000'\n`;

Deno.test("--each: with all of unsock killed, prune removes the loopbacks, not before the last worker has ended", () =>
  withDir(async (dir) => {
    writeProgram(`${dir}/jest`, `${STAYS}`);
    await using running = start([
      libraryFile(),
      ...inEach(dir, "jest", "sh", "-c", "echo $PPID >keeper; ./jest; exit 0"),
    ], {
      cwd: dir,
    });
    const [directory = "", worker = ""] = await until("the worker is there", async () => {
      const text = await Deno.readTextFile(`${dir}/was`).catch(() => "");
      return text.endsWith("\n") && text.trim().split(" ");
    });
    const prune = () => byLibrary(["prune", "--dir", `${dir}/s`]);
    try {
      Deno.kill(Number(Deno.readTextFileSync(`${dir}/keeper`)), "SIGKILL");
      await running.status;
      assertStrictEquals((await prune()).stdout, "");
      assert(Deno.statSync(directory).isDirectory, "the worker is still there");
    } finally {
      Deno.kill(Number(worker), "SIGKILL");
    }
    await until("the worker is gone", () => !isAlive(worker));
    await until("all is removed", async () => (await prune()).code === 0 && left(dir).length === 0);
  }));

Deno.test({
  name: "--each: what --map maps is there for every worker; --fallback and --port leave what all share on the network",
  ignore: !need("python3"),
  fn: () =>
    withDir(async (dir) => {
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const { port } = listener.addr;
      const served = (async () => {
        for await (const connection of listener) {
          await connection.write(new TextEncoder().encode("shared"));
          connection.close();
        }
      })();
      const local = Deno.listen({ transport: "unix", path: `${dir}/database` });
      const mapped = (async () => {
        for await (const connection of local) {
          await connection.write(new TextEncoder().encode("mapped"));
          connection.close();
        }
      })();
      const ask =
        "import socket, sys; print(socket.create_connection(('127.0.0.1', int(sys.argv[1]))).recv(9).decode())";
      Deno.writeTextFileSync(`${dir}/ask.py`, ask);
      writeProgram(
        `${dir}/jest`,
        `#!/bin/sh\nfor i in 1 2; do sh -c "python3 ask.py $1; exit 0" 2>&1 | tail -1; done\n`,
      );
      const told = async (asked: number, ...options: string[]) => {
        const [run = "", ...words] = inEach(dir, "jest", "./jest", `${asked}`);
        const { stdout, stderr } = await byLibrary([run, ...options, ...words], { cwd: dir });
        return stdout.trim().split("\n").join(" ") + stderr;
      };
      assertMatch(await told(port), /^Connection.*refused.*refused$/i);
      assertStrictEquals(await told(port, "--fallback"), "shared shared");
      assertStrictEquals(await told(port, "--port=3000"), "shared shared");
      assertStrictEquals(await told(5432, "--map", `5432=${dir}/database`), "mapped mapped");
      listener.close();
      local.close();
      await Promise.all([served, mapped]);
    }),
});

Deno.test("--each: a command in another directory of its own leaves the runner", () =>
  withDir(async (dir) => {
    const inner = `${libraryFile()} run --dir ${dir}/9999999 -- sh -c 'echo "$UNSOCK_DIR \${UNSOCK_EACH-none}"'`;
    writeProgram(`${dir}/jest`, `#!/bin/sh\n${inner}\n${libraryFile()} run -- sh -c 'echo "$UNSOCK_DIR"'\n`);
    const { stdout, stderr } = await byLibrary(inEach(dir, "jest", "./jest"), { cwd: dir });
    const [own, worker] = stdout.trim().split("\n");
    assertStrictEquals(own, `${dir}/9999999 none`, stderr);
    assertMatch(worker ?? "", /\/private\/[0-9a-f]{6}\/\d{7}$/);
    assertNotStrictEquals(worker?.slice(-7), "0000000");
  }));

Deno.test("--each without a name knows test runners; --each NAME takes the next word; --dry-run makes nothing", () =>
  withDir(async (dir) => {
    for (const by of [unsock, byLibrary]) {
      const bare = await by(["run", "--each", "--dry-run", "--dir", `${dir}/s`, "--", "true"]);
      assertMatch(bare.stdout, /^UNSOCK_EACH='0000000:jest,vitest,.*'/m, bare.stderr);
      assertMatch(bare.stdout, new RegExp(`^UNSOCK_DIR=${dir}/s/private/XXXXXX/0000000 `, "m"));
      const named = await by(["run", "--dry-run", "--dir", `${dir}/s`, "--each", "make", "true"]);
      assertMatch(named.stdout, /^UNSOCK_EACH=0000000:make \\\n(.*\n)+true\n$/m, named.stderr);
      assertFails(await by(["run", "--each=,", "true"]), 125, /--each=NAME,NAME, and no name is empty/);
    }
    const long = `${dir}/${"d".repeat(70 - dir.length)}`;
    assertFails(await byLibrary(["run", "--each", "--dir", long, "--", "true"]), 125, /too long for one of its own/);
    assertEquals([...Deno.readDirSync(dir)], []);
  }));
