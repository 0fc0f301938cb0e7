/** The benchmark's own arithmetic and drawing. That all of it runs is seen by `deno task bench --quick`, which CI calls. */
import {
  assert,
  assertEquals,
  assertMatch,
  assertNotMatch,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { join } from "@std/path/posix";
import { drawChart } from "../../scripts/bench/chart.ts";
import { localOnes } from "../../scripts/bench/local.ts";
import { describeOther, otherEnvironment, readOther } from "../../scripts/bench/others.ts";
import { writePage } from "../../scripts/bench/bench_page.ts";
import { parseCalls } from "../../scripts/bench/counts.ts";
import { findBandwidth } from "../../scripts/bench/program_list.ts";
import { compare, formatMarkdown, formatNumber, formatText, type Report } from "../../scripts/bench/report.ts";
import { clearOthers, interleave, orderOf, type Variant } from "../../scripts/bench/rig.ts";
import { difference, quantile, ratio, spread } from "../../scripts/bench/stats.ts";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";

const programText = programsOf(import.meta);

const SCRIPT = join(import.meta.dirname ?? ".", "..", "..", "scripts", "bench.ts");

/** As root, or where a user may have namespaces of his own. */
const mayUnshare = need("python3") &&
  (await run(["unshare", "--user", "--map-root-user", "--net", "true"])).code === 0;

function variant(name: string, mayFail = false): Variant {
  return { name, transport: "inet", env: {}, mayFail };
}

const REPORT: Report = {
  machine: "a machine",
  comparisons: [
    compare(
      { name: "work", title: "Work & <play>", unit: "MB/s", notes: ["less than all"] },
      new Map([["unix", [200, 220, 240]], ["tcp", [100, 100, 100]], ["unsock", [190, 210, 250]], ["rival", [
        40,
        50,
        60,
      ]]]),
    ),
  ],
  growth: [{
    name: "more",
    title: "Much more",
    ways: [{ variant: "unsock", times: { low: 1, median: 1.25, high: 2 } }],
  }],
  counts: [{ name: "calls", title: "System calls", unit: "calls", without: 5, with: 8 }],
};

Deno.test("quantile() and spread() find the middle of unordered values", () => {
  assertStrictEquals(quantile([3, 1, 2], 0.5), 2);
  assertStrictEquals(quantile([4, 1, 3, 2], 0.5), 2.5);
  assertEquals(spread([5, 1, 3, 2, 4]), { low: 2, median: 3, high: 4 });
  assertMatch(assertThrows(() => spread([]), Error).message, /nothing was measured/);
});

Deno.test("ratio() and difference() compare round by round, so a slow round does not count", () => {
  assertEquals(ratio([50, 5, 500], [100, 10, 1000]), { low: 0.5, median: 0.5, high: 0.5 });
  assertEquals(difference([103, 13, 1003], [100, 10, 1000]), { low: 3, median: 3, high: 3 });
});

Deno.test("compare() relates every way to native and to loopback, but none to itself", () => {
  const [native, loopback, unsock] = REPORT.comparisons[0]?.results ?? [];
  assertStrictEquals(native?.toNative, undefined);
  assertStrictEquals(native?.toLoopback?.median, 2.2);
  assertStrictEquals(loopback?.toLoopback, undefined);
  assertStrictEquals(unsock?.toNative?.median, 210 / 220);
  assertStrictEquals(unsock?.speed.median, 210);
  assertStrictEquals(REPORT.comparisons[0]?.rounds, 3);
});

Deno.test("compare() shows the effect of a change if an earlier unsock was measured", () => {
  const { results } = compare(
    { name: "work", title: "Work", unit: "MB/s" },
    new Map([["unsock", [110, 120]], ["before", [100, 100]]]),
  );
  assertStrictEquals(results[0]?.toBefore?.median, 1.15);
  assertStrictEquals(results[1]?.toBefore, undefined);
  const text = formatText({
    ...REPORT,
    comparisons: [{ ...REPORT.comparisons[0], name: "", title: "Work", unit: "", rounds: 2, notes: [], results }],
  });
  assertMatch(text, /^Work +1\.15 \(/m);
});

Deno.test("formatNumber() keeps three digits of small numbers and groups large ones", () => {
  assertEquals([0, 0.0312, 5.06, 65.1, 1234567].map(formatNumber), ["0", "0.0312", "5.06", "65.1", "1,234,567"]);
});

Deno.test("formatText() and formatMarkdown() print every number and note once", () => {
  for (const text of [formatText(REPORT), formatMarkdown(REPORT)]) {
    for (
      const part of ["a machine", "210", "0.95", "2.10", "rival", "Much more", "1.25", "System calls", "less than all"]
    ) {
      assertStrictEquals(text.split(part).length > 1, true, `${part} is not in:\n${text}`);
    }
  }
});

Deno.test("the page marks in a library's row what the library cannot do, and says why, and how each was set up", () => {
  const { comparisons: [work], growth: [more] } = REPORT;
  assert(work && more);
  const page = writePage({
    ...REPORT,
    comparisons: [{ ...work, failed: ["broken 1.0"], notes: ["broken 1.0 failed: no dup"] }],
    growth: [{ ...more, failed: ["broken 1.0"], notes: ["broken 1.0 failed: nor this"] }],
    others: [{ name: "broken 1.0", how: "broken -r path={}/%p" }],
  });
  assertMatch(page, /^\|\s+\| broken 1\.0 \| failed \|\s+\|\s+\|\s+\|$/m);
  assertMatch(page, /^\|\s+\| broken 1\.0 \| failed \|$/m);
  assertMatch(page, /^Work & <play>: broken 1\.0 failed: no dup$/m);
  assertMatch(page, /^Much more: broken 1\.0 failed: nor this$/m);
  assertMatch(page, /broken 1\.0 \(`broken -r path=\{\}\/%p`\)/);
});

Deno.test("drawChart() gives each of several other libraries a colour and a place in the legend", () => {
  const samples = new Map(["unix", "tcp", "unsock", "one 1.0", "two 2.0"].map((name) => [name, [1, 2]]));
  const svg = drawChart({ ...REPORT, comparisons: [compare({ name: "work", title: "Work", unit: "" }, samples)] });
  const bars = [...svg.matchAll(/<rect class="(\w+)" x="290" y="\d+" width="[\d.]+" height="14"/g)];
  assertEquals(bars.map(([, style]) => style), ["unix", "tcp", "unsock", "other", "other2"]);
  const legend = [...svg.matchAll(/<rect class="\w+" x="([\d.]+)" y="34"/g)].map(([, x]) => Number(x));
  assert(legend.every((x, i) => x < 820 - 150 && x > (legend[i - 1] ?? -Infinity) + 120), `${legend}`);
});

Deno.test("readOther() takes a library, or a command whose environment it gives to all programs", async () => {
  await withDir(async (dir) => {
    const place = `${dir}/sockets`;
    const command = readOther("a b 1.0=env PLACE={}/%p-%t.sock LD_PRELOAD=");
    assertStrictEquals(command.name, "a b 1.0");
    assertEquals(await otherEnvironment(command, place), { PLACE: `${place}/%p-%t.sock`, LD_PRELOAD: "" });
    assertStrictEquals(describeOther(readOther("x=/usr/bin/env A={}/s")), "env A={}/s");
    const library = readOther(`x=${libraryFile()}`);
    assertStrictEquals((await otherEnvironment(library, place))["LD_PRELOAD"], libraryFile());
    assertStrictEquals(describeOther(library), "libunsock.so");
    await assertRejects(() => otherEnvironment(readOther("x=/nonexistent.so"), place), Deno.errors.NotFound);
    const failing = readOther("x=sh -c exit\\ 3");
    await assertRejects(() => otherEnvironment(failing, place), Error, "sh");
  });
});

Deno.test(
  "localOnes() leaves out variants that need the network, and keeps loopback",
  { ignore: !mayUnshare },
  async () => {
    const connect = programText("connect");
    const attempt = async ({ name }: Variant, prefix: readonly string[]) => {
      const { code } = await run([...prefix, "python3", "-c", name === "local" ? "" : connect]);
      if (code !== 0) throw new Error(`exit status ${code}`);
    };
    const tried = [variant("tcp"), variant("local", true), variant("leaking", true)];
    const { variants, failed, notes } = await localOnes(tried, attempt);
    assertEquals(variants.map(({ name }) => name), ["tcp", "local"]);
    assertEquals([failed, notes], [["leaking"], ["leaking failed: exit status 1"]]);
  },
);

Deno.test("drawChart() draws a bar for each way, longer for the faster one, and is well-formed", () => {
  const svg = drawChart(REPORT);
  const widths = [...svg.matchAll(/<rect class="(\w+)" x="290" y="\d+" width="([\d.]+)" height="14"/g)];
  const of = (name: string) => Number(widths.find(([, style]) => style === name)?.[2]);
  assertEquals(widths.map(([, style]) => style), ["unix", "tcp", "unsock", "other"]);
  assert(of("unix") > of("unsock") && of("unsock") > of("tcp") && of("tcp") > of("other"), svg);
  assertMatch(svg, /Work &amp; &lt;play&gt;/);
  assertMatch(svg, /prefers-color-scheme: dark/);
  assertNotMatch(svg, /NaN|undefined/);
});

Deno.test("orderOf() lets each item come first in turn, and each follow each other", () => {
  const rounds = [0, 1, 2, 3, 4, 5, 6].map((round) => orderOf(["a", "b", "c"], round).join(""));
  assertEquals(rounds, ["abc", "cba", "bca", "acb", "cab", "bac", "abc"]);
  assertEquals(orderOf([], 1), []);
});

Deno.test("interleave() leaves out somebody else's library that fails, and says so; ours must not fail", async () => {
  const measure = ({ name }: Variant) => name === "good" ? Promise.resolve(1) : Promise.reject(new Error("no"));
  const { samples, failed, notes } = await interleave([variant("good"), variant("bad", true)], 2, measure);
  assertEquals([...samples], [["good", [1, 1]]]);
  assertEquals(failed, ["bad"]);
  assertEquals(notes, ["bad failed: no"]);
  assertMatch((await assertRejects(() => interleave([variant("bad")], 1, measure), Error)).message, /no/);
});

Deno.test("findBandwidth() reads MB/s from iperf's last line, and none where it gave up", () => {
  const line = "20261126104843,127.0.0.1,53352,127.0.0.1,23452,1,0.0-10.2";
  const [quick, whole] = [{ quick: true }, { quick: false }];
  assertStrictEquals(findBandwidth(`first\n${line},268435456,8000000\n`, quick), 1);
  assertStrictEquals(findBandwidth(`${line},2147483648,8000000\n`, whole), 1);
  assertStrictEquals(findBandwidth(`${line},240768,188994\n`, quick), NaN);
  assertStrictEquals(findBandwidth(`${line},2147352576,8000000\n`, whole), NaN);
  assertStrictEquals(findBandwidth("", whole), NaN);
});

Deno.test("clearOthers() empties the directories of others' libraries alone", async () => {
  await withDir(async (dir) => {
    const variants = [true, false].map((mayFail, index) => ({ ...variant("x", mayFail), sockets: `${dir}/${index}` }));
    for (const { sockets } of variants) {
      await Deno.mkdir(sockets);
      await Deno.writeTextFile(`${sockets}/T010001`, "");
    }
    await clearOthers({ variants: [...variants, variant("without", true)] });
    assertEquals(variants.map(({ sockets }) => [...Deno.readDirSync(sockets)].length), [0, 1]);
  });
});

Deno.test("parseCalls() reads the total with and without errors and times per call", () => {
  const head =
    "% time     seconds  usecs/call     calls    errors syscall\n------ ----------- ----------- --------- ---------\n";
  assertStrictEquals(parseCalls(`${head}100.00    0.004563           2      2112        12 total\n`), 2112);
  assertStrictEquals(parseCalls(`${head}100.00    0.004563           2      2112           total\n`), 2112);
  assertStrictEquals(parseCalls(`${head}100.00    0.004563                  2112        12 total\n`), 2112);
  assertStrictEquals(parseCalls(`${head}100.00    0.004563                  2112           total\n`), 2112);
  assertMatch(assertThrows(() => parseCalls(head), Error).message, /counted nothing/);
});

Deno.test("bench refuses what it does not know, in one line", async () => {
  const { code, stderr } = await run([Deno.execPath(), "run", "-A", SCRIPT, "--other", "nothing"]);
  assertStrictEquals(code, 1);
  assertStrictEquals(stderr, 'bench: --other: not NAME=LIBRARY: "nothing"\n');
});
