/** Differences between TCP and unsock; a suite that did not run is a failure. */
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { join } from "@std/path/posix";
import { isKnown, noLongerDiffers, parseKnown } from "../../scripts/suites/known.ts";
import { SUITES } from "../../scripts/suites/list.ts";
import { type Kept, makePage, mergeRuns, parseRuns } from "../../scripts/suites/suites_page.ts";
import { readReport, readTap } from "../../scripts/suites/readers.ts";
import { compare, notRun, type Results, type Status, suspects } from "../../scripts/suites/results.ts";
import { comparePart } from "../../scripts/suites/rounds.ts";
import { runSuite } from "../../scripts/suites/run.ts";
import type { Part, Suite } from "../../scripts/suites/suite.ts";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";

const programText = programsOf(import.meta);

const ROOT = join(import.meta.dirname ?? ".", "..", "..");

/** As root, or where a user may have namespaces of his own. */
const mayUnshare = need("ip") && (await run(["unshare", "--user", "--map-root-user", "--net", "true"])).code === 0;

function results(entries: Record<string, Status>): Results {
  return new Map(Object.entries(entries));
}

// --- Differences -----------------------------------------------------------------------------------------------------

Deno.test("a test that is skipped, unfinished or not there under unsock is suspected as one that fails", () => {
  const tcp = results({ a: "pass", b: "pass", c: "pass", d: "pass", e: "pass", f: "fail", g: "skip" });
  const unsock = results({ a: "pass", b: "fail", c: "skip", d: "unfinished", f: "fail", g: "pass" });
  assertEquals(suspects(tcp, unsock), ["b", "c", "d", "e"]);
});

Deno.test("a difference is what passes over TCP in both rounds and under unsock in none", () => {
  const tcp = results({ a: "pass", b: "pass", c: "pass", d: "pass", e: "fail" });
  const again = {
    tcp: results({ b: "pass", c: "pass", d: "fail" }),
    unsock: results({ b: "fail", c: "pass", d: "fail" }),
  };
  assertEquals(compare(tcp, ["b", "c", "d"], again), { passed: 4, others: 1, differ: ["b"], unsteady: ["c", "d"] });
});

Deno.test("tests that were not begun are run again, but none that hung or was skipped over TCP", () => {
  const expected = results({ a: "pass", b: "pass", c: "fail", d: "skip" });
  assertEquals(notRun(expected, results({ a: "unfinished" })), ["b", "c"]);
});

Deno.test("the list of known differences wants a reason and tests, and tells which are none any more", () => {
  assertThrows(() => parseKnown('[{"why": "", "tests": {"tcl": ["a"]}}]'), Error, "entry 0");
  assertThrows(() => parseKnown('[{"why": "so", "tests": {}}]'), Error, "entry 0");
  assertThrows(() => parseKnown('[{"why": "so", "tests": {"tcl": []}}]'), Error, "entry 0");
  assertThrows(() => parseKnown("{}"), Error, "not a list");
  const known = parseKnown('[{"why": "so", "tests": {"tcl": ["socket: a", "socket: b", "socket: c", "http: d"]}}]');
  assertStrictEquals(isKnown(known, "tcl", "socket: a"), true);
  assertStrictEquals(isKnown(known, "perl", "socket: a"), false);
  const ran = { name: "tcl", parts: ["socket"], differ: ["socket: a"], unsteady: ["socket: b"] };
  assertEquals(noLongerDiffers(known, ran), ["socket: c"]);
});

// --- The whole ---------------------------------------------------------------------------------------------------------

/** Its third test fails under unsock, its fourth ends the program there, its fifth comes after that. */
function makePart(script: string): Part {
  return {
    name: "part",
    cwd: "/",
    seconds: 30,
    chooses: true,
    command: ({ only }) => ["sh", "-c", script, "sh", ...only ?? ["a", "b", "c", "d", "e"]],
    read: readTap,
  };
}

const SCRIPT = `for test; do case "$test\${UNSOCK_DIR:+ unsock}" in
  "b"*) echo "ok 1 - $test # SKIP no" ;;
  "c unsock") echo "not ok 1 - $test" ;;
  "d unsock") echo "not ok 1 - $test"; exit 7 ;;
  *) echo "ok 1 - $test" ;;
esac; done`;

Deno.test({
  name: "a part goes on behind a test that ends its program, and what it does not tell is not counted",
  ignore: !mayUnshare,
  fn: () =>
    withDir(async (dir) => {
      const { passed, others, differ, unsteady, wrong, tcp } = await comparePart(
        makePart(SCRIPT),
        libraryFile(),
        join(dir, "log"),
      );
      assertEquals({ passed, others, differ, unsteady, wrong }, {
        passed: 4,
        others: 1,
        differ: ["c", "d"],
        unsteady: [],
        wrong: [],
      });
      assertStrictEquals(tcp.accepted, 0);
      const said = (await Deno.readTextFile(join(dir, "log.unsock"))).trim().split("\n").filter((line) =>
        /- [de]/.test(line)
      );
      assertEquals(said, ["not ok 1 - d", "ok 1 - e", "not ok 1 - d"]);
    }),
});

Deno.test({
  name: "the counters tell of a connection over TCP, and of none under unsock",
  ignore: !mayUnshare || !need("python3"),
  fn: () =>
    withDir(async (dir) => {
      const program = programText("connects");
      const part: Part = { ...makePart(""), command: () => ["/usr/bin/python3", "-c", program] };
      const { passed, differ, tcp, unsock } = await comparePart(part, libraryFile(), join(dir, "log"));
      assertEquals([passed, differ], [1, []]);
      assertEquals(tcp, { begun: 1, refused: 0, accepted: 1, datagrams: 1 });
      assertEquals([unsock.accepted, unsock.datagrams], [0, 0]);
    }),
});

Deno.test({
  name: "a suite that did not run, or of which too little passes over TCP, is a failure and not a zero",
  ignore: !mayUnshare,
  fn: () =>
    withDir(async (cache) => {
      const suite: Suite = {
        name: "made-up",
        about: "",
        programs: [],
        version: ["echo", "made-up 1"],
        least: 5,
        prepare: () => Promise.resolve([makePart(SCRIPT), { ...makePart("exit 0"), name: "silent" }]),
      };
      const where = { cache, library: libraryFile() };
      const sum = await runSuite(suite, where);
      assertEquals(sum.version, "made-up 1");
      assertEquals(sum.wrong, ["silent: no test passes over TCP", "fewer than 5 tests pass over TCP"]);
      assertEquals(sum.differ, ["part: c", "part: d"]);
      const absent = await runSuite({ ...suite, programs: ["no-such-program"] }, where);
      assertEquals(absent.wrong, ["not installed: no-such-program", "fewer than 5 tests pass over TCP"]);
      const broken = await runSuite({ ...suite, prepare: () => Promise.reject(new Error("no")) }, where);
      assertEquals(broken.wrong, ["no", "fewer than 5 tests pass over TCP"]);
    }),
});

Deno.test({
  name: "CPython's tests: behind one that hangs or kills the program the next ones are run, and neither has passed",
  ignore: !need("python3"),
  fn: () =>
    withDir(async (dir) => {
      await Deno.mkdir(join(dir, "test"));
      for (const [name, text] of Object.entries({ __init__: "", support: "", test_x: programText("hanging_tests") })) {
        await Deno.writeTextFile(join(dir, "test", `${name}.py`), text);
      }
      const runner = join(ROOT, "scripts", "suites", "cpython.py");
      const report = join(dir, "report");
      const command = ["/usr/bin/python3", runner, "--report", report, "--seconds", "2", "test_x"];
      await run(command, { env: { PYTHONPATH: dir, PYTHONDONTWRITEBYTECODE: "1", TMPDIR: dir } });
      assertEquals(Object.fromEntries(readReport(await Deno.readTextFile(report))), {
        "test.test_x.T.test_a": "pass",
        "test.test_x.T.test_b": "unfinished",
        "test.test_x.T.test_c": "fail",
        "test.test_x.T.test_d": "unfinished",
        "test.test_x.T.test_e": "skip",
        "test.test_x.T.test_f": "pass",
        "test.test_x.T.test_g": "fail",
        "setUpClass (test.test_x.U)": "fail",
      });
    }),
});

const NOTHING = { begun: 0, refused: 0, accepted: 0, datagrams: 0 };

function kept(name: string, passed: number, differ: readonly string[]): Kept {
  const machine = { kernel: "6.1", system: "Debian", date: "2030-01-02" };
  const more = { parts: [], others: 1, unsteady: [], tcp: NOTHING, unsock: NOTHING, wrong: [] };
  return { name, version: `${name} 1`, passed, differ, machine, ...more };
}

Deno.test("a suite's newest run takes its older one's place, and the others stay", () => {
  const order = [{ name: "a" }, { name: "b" }, { name: "c" }];
  const all = mergeRuns([kept("c", 1, []), kept("a", 1, [])], kept("a", 2, []), order);
  assertEquals(all.map(({ name, passed }) => [name, passed]), [["a", 2], ["c", 1]]);
});

Deno.test("the page has the sums, each difference under its cause, and those that nobody has explained", () => {
  const known = [{ why: "It is so.", tests: { tcl: ["socket: a"] } }];
  const page = makePage([kept("tcl", 1_200, ["socket: a", "socket: b"]), kept("perl", 10, [])], known, SUITES);
  for (
    const text of [
      "**1,210 tests pass over TCP; all but 2 of them pass under unsock.** Debian, kernel 6.1, 2030-01-02.",
      "| tcl 1 | 1,200 | 1,198 | 2 | 0 | 1 |",
      "| all | 1,210 | 1,208 | 2 | 0 | 2 |",
      "**It is so.**\n\n- `tcl: socket: a`\n",
      "**Not explained yet**\n\n- `tcl: socket: b`\n",
    ]
  ) assertStrictEquals(page.includes(text), true, `${text}\nis not in\n${page}`);
});

Deno.test("the page says which suites were not run under the library of the others", () => {
  const runs = [kept("tcl", 1, []), { ...kept("perl", 1, []), library: "abc" }, {
    ...kept("go", 1, []),
    library: "abc",
  }];
  const mixed = makePage(runs, [], SUITES);
  assertStrictEquals(
    mixed.includes("\nNot all under one library: an earlier one (tcl); `abc…` (perl, go).\n"),
    true,
    mixed,
  );
  const one = makePage(runs.slice(1), [], SUITES);
  assertStrictEquals(one.includes("\nAll under one library, of the SHA-256 `abc…`.\n"), true, one);
});

Deno.test("docs/suites.md is what docs/suites.json and the known differences say", async () => {
  const read = (path: string) => Deno.readTextFile(join(ROOT, path));
  const known = parseKnown(await read("scripts/suites/known.json"));
  const runs = parseRuns(await read("docs/suites.json"));
  assertStrictEquals(await read("docs/suites.md"), makePage(runs, known, SUITES));
  assertEquals(runs.flatMap(({ wrong }) => wrong), []);
});

Deno.test("every known difference is of a suite that there is, and named once", async () => {
  const known = parseKnown(await Deno.readTextFile(join(ROOT, "scripts/suites/known.json")));
  const names = known.flatMap(({ tests }) =>
    Object.entries(tests).flatMap(([suite, list]) => list.map((test) => `${suite}: ${test}`))
  );
  assertEquals(names.length, new Set(names).size);
  for (const { tests } of known) {
    for (const suite of Object.keys(tests)) assertStrictEquals(SUITES.some(({ name }) => name === suite), true, suite);
  }
});
