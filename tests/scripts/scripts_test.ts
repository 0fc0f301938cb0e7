/** The helper scripts' own logic. */
import { assert, assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { Fields } from "../../lib/library/query.ts";
import { SOCKETS_QUESTION } from "../../lib/sockets/unix_sockets.ts";
import { linesOf } from "../../scripts/bare.ts";
import { countSoFar, countTests, lastLines, planTests } from "../../scripts/test.ts";
import { longestFirst, readTestArguments } from "../../scripts/test/choice.ts";
import { describeSkipped, readSkips } from "../../scripts/test/skipped.ts";

const ROOT = new URL("../..", import.meta.url);

/** All files below a folder of the source. */
function filesBelow(folder: string): string[] {
  return Array.from(Deno.readDirSync(new URL(folder, ROOT))).flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(`${folder}${name}/`) : [`${folder}${name}`]
  );
}

Deno.test("no two files of scripts/ have one name", () => {
  const names = filesBelow("scripts/").filter((file) => file.endsWith(".ts")).map((file) => file.replace(/.*\//, ""));
  assertEquals(names.filter((name, index) => names.indexOf(name) !== index), []);
});

Deno.test("each test of a large program is run by a task", () => {
  const tasks = Deno.readTextFileSync(new URL("deno.json", ROOT));
  const tests = ["tests/large/", "tests/npm/"].flatMap(filesBelow).filter((file) =>
    /^(?!.*_test\.ts$).*\.ts$/.test(file) && /\bDeno\.test\(/.test(Deno.readTextFileSync(new URL(file, ROOT)))
  );
  assertEquals(tests.filter((file) => !tasks.includes(` ${file}`)), []);
});

Deno.test("countTests() sums deno's own summaries, colours and all", () => {
  const output = "\x1b[32mok\x1b[0m | 12 passed (3 steps) | 0 failed | 1 ignored (2s)\n" +
    "\nFAILED | 3 passed | 2 failed (1 step) (10ms)\n";
  assertEquals(countTests(output), { passed: 15, failed: 2, ignored: 1 });
  assertEquals(countTests("error: Module not found\n"), { passed: 0, failed: 0, ignored: 0 });
});

Deno.test("of sockets, no entry is believed that contradicts another one", () => {
  const socket = { type: "stream", listening: true, connected: false, peer: 0, unread: 0 };
  const told = [["/run/80.sock", 11], ["/run/a b.sock", 12], ["/run/81.sock", 11]] as const;
  const sockets = told.map(([path, inode]) => ({ ...socket, path, inode }));
  const entries = SOCKETS_QUESTION.read(new Fields({ sockets }));
  assertEquals(entries.map(({ path }) => path), ["/run/a b.sock"]);
});

Deno.test("linesOf() finds the README's set-up: what Debian lacks first, then the two commands", () => {
  const lines = linesOf(Deno.readTextFileSync(new URL("../../README.md", import.meta.url)), "From a clone");
  const [install = "", ...others] = lines;
  assertMatch(install, /^apt-get update && apt-get install -y --no-install-recommends [a-z0-9 -]+$/);
  const contributing = Deno.readTextFileSync(new URL("../../CONTRIBUTING.md", import.meta.url));
  assert(contributing.includes(`\`${install}\``), "CONTRIBUTING.md has the same line");
  assert(install.split(" ").includes("npm"), "Debian's nodejs has no npx");
  for (const task of ["demo", "test"]) {
    assert(others.some((line) => /^npx --yes deno@\S+ task \w+$/.test(line) && line.endsWith(task)));
  }
});

Deno.test("countSoFar() counts the tests that have ended, colours and all", () => {
  const output = "./a_test.ts => b ... ok (2ms)\n./a_test.ts => c ... \x1b[0m\x1b[31mFAILED\x1b[0m (3s)\n" +
    "./d/b_test.ts => d ... \x1b[0m\x1b[32mok\x1b[0m\n./a_test.ts => e ... ignored (1ms)\n";
  assertEquals(countSoFar(`${output}c_test.ts => e ... `), { passed: 2, failed: 1, ignored: 1, files: 3 });
});

Deno.test("readTestArguments() leaves out what takes long, unless it is named or all is wanted", () => {
  const [ignored = "", ...targets] = readTestArguments([]);
  assertEquals(targets, ["tests/"]);
  for (const path of ignored.replace("--ignore=", "").split(",")) assert(Deno.statSync(path), path);
  assertEquals(readTestArguments(["--all"]), ["tests/"]);
  assertEquals(readTestArguments(["--all", "--ignore=a,b", "--fail-fast"]), ["--fail-fast", "--ignore=a,b", "tests/"]);
  assertEquals(readTestArguments(["--ignore=a"]), [ignored.replace("=", "=a,"), "tests/"]);
  assertEquals(readTestArguments(["tests/vm", "--fail-fast"]), ["tests/vm", "--fail-fast"]);
});

Deno.test("longestFirst() names all files but the ignored ones, and changes nothing where files are named", () => {
  const files = ["tests/cli/a_test.ts", "tests/cli_b_test.ts", "tests/unit/c_test.ts", "tests/vm/vm_test.ts"];
  const order = (...args: string[]) => longestFirst(readTestArguments(args), files);
  assertEquals(order("--all", "--fail-fast"), ["--fail-fast", "tests/vm/vm_test.ts", ...files.slice(0, 3)]);
  assertEquals(order(), files.slice(0, 3));
  assertEquals(order("--all", "--ignore=tests/cli,tests/unit/c_test.ts"), [
    "tests/vm/vm_test.ts",
    "tests/cli_b_test.ts",
  ]);
  assertEquals(order("tests/vm", "--ignore=tests/unit"), ["tests/vm", "--ignore=tests/unit"]);
});

Deno.test("describeSkipped() names what is missing once, apt's line, and the files that were left out", () => {
  const nginx = JSON.stringify({ programs: ["nginx", "curl"], packages: ["nginx-core", "curl"] });
  const lines = describeSkipped(7, readSkips(`${nginx}\n${nginx}\n{"missing":"a kernel","remedy":"boot one"}\n`), 3);
  assertMatch(lines, /^skipped: 7 tests /);
  assertMatch(lines, /^ {2}missing: curl nginx\n {2}as root: apt-get install curl nginx-core$/m);
  assertMatch(lines, /^ {2}missing a kernel: boot one$/m);
  assertMatch(lines, /^left out: 3 files, which take longest: deno task test --all\n$/m);
  assertEquals(describeSkipped(0, [], 0), "");
});

Deno.test("a run of named files says why tests were skipped, and nothing of other files or of tests that all ran", () => {
  const skips = readSkips('{"programs":["strace"],"packages":["strace"]}\n');
  const named = planTests(["tests/a_test.ts"], ["tests/a_test.ts", "tests/b_test.ts"], false);
  assertMatch(lastLines(named, 2, skips), /^skipped: 2 tests .*\n {2}missing: strace\n {2}as root: [^\n]* strace\n/);
  assertNotMatch(lastLines(named, 2, skips), /left out/);
  assertEquals(lastLines(named, 0, skips), "");
  const whole = planTests(["tests/a_test.ts"], ["tests/a_test.ts", "tests/b_test.ts"], true);
  assertMatch(lastLines(whole, 0, []), /^left out: 1 files/);
});

Deno.test("test:kernels refuses an unknown probe in one line, before it fetches a kernel", async () => {
  const args = ["run", "-A", "--no-check", "scripts/kernels.ts", "--probes=backlog,baklog"];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT, env: { NO_COLOR: "1" } })
    .output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assertEquals([code, text(stdout)], [2, ""]);
  assertMatch(text(stderr), /^unsock: kernels: no probe "baklog"[^\n]*\n$/);
});
