/** The helper scripts' own logic. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { parseProcNetUnix } from "../../lib/system/unix_sockets.ts";
import { linesOfClone } from "../../scripts/bare.ts";
import { countSoFar, countTests, readTestArguments } from "../../scripts/test.ts";

Deno.test("countTests() sums deno's own summaries, colours and all", () => {
  const output = "\x1b[32mok\x1b[0m | 12 passed (3 steps) | 0 failed | 1 ignored (2s)\n" +
    "\nFAILED | 3 passed | 2 failed (1 step) (10ms)\n";
  assertEquals(countTests(output), { passed: 15, failed: 2 });
  assertEquals(countTests("error: Module not found\n"), { passed: 0, failed: 0 });
});

Deno.test("parseProcNetUnix() reads paths with blanks, listeners and accepted sockets", () => {
  const table = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 23813 /run/a b.sock
0000000000000000: 00000003 00000000 00000000 0001 03   900 /run/a b.sock
0000000000000000: 00000003 00000000 00000000 0001 03 23814
0000000000000000: 00000002 00000000 00000000 0002 01 23815 @name
`;
  assertEquals(parseProcNetUnix(table), [
    { path: "/run/a b.sock", type: "stream", listening: true, connected: false, inode: 23813 },
    { path: "/run/a b.sock", type: "stream", listening: false, connected: true, inode: 900 },
    { path: "@name", type: "datagram", listening: false, connected: false, inode: 23815 },
  ]);
});

Deno.test("parseProcNetUnix() believes no line that contradicts another one", () => {
  const table = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 11 /run/80.sock
0000000000000000: 00000002 00000000 00000000 0002 07 12
0000000000000000: 00000002 00000000 00000000 0002 01 13 @
0000000000000000: 00000002 00000000 00010000 0001 01 11 /run/81.sock
0000000000000000: 00000002 00000000 00010000 0001 01 12 /run/82.sock
not a line
0000000000000000: 00000002 00000000 00000000 0002 01 14 @name
`;
  assertEquals(parseProcNetUnix(table).map(({ path }) => path), ["@", "@name"]);
});

Deno.test("linesOfClone() finds the README's set-up: what Debian lacks first, then the two commands", () => {
  const lines = linesOfClone(Deno.readTextFileSync(new URL("../../README.md", import.meta.url)));
  const [install = "", ...others] = lines;
  assertMatch(install, /^apt-get install [a-z0-9 -]+$/);
  assert(install.split(" ").includes("npm"), "Debian's nodejs has no npx");
  for (const task of ["demo", "test"]) {
    assert(others.some((line) => /^npx --yes deno@\S+ task \w+$/.test(line) && line.endsWith(task)));
  }
});

Deno.test("countSoFar() counts the tests that have ended, colours and all", () => {
  const output =
    "a => b ... ok (2ms)\na => c ... \x1b[0m\x1b[31mFAILED\x1b[0m (3s)\na => d ... \x1b[0m\x1b[32mok\x1b[0m\n";
  assertEquals(countSoFar(`${output}a => e ... `), { passed: 2, failed: 1 });
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
