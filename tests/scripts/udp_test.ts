/** `deno task scale:udp`: its search, its counter and its section. Never how much any program loses. */
import { assert, assertEquals, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { compile, COMPILE_FLAGS } from "../../scripts/bench/rig.ts";
import { findHighest, formatUdp, type UdpReport, withUdp } from "../../scripts/bench/udp_losses.ts";
import { parseDropped } from "../../scripts/bench/udp_stage.ts";
import { libraryEnv, libraryFile } from "../support/library.ts";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";

const programText = programsOf(import.meta);

/** Searches where all rates up to `limit` are clean. */
async function search(limit: number, isOver = (_tried: readonly number[]) => false) {
  const tried: number[] = [];
  const found = await findHighest({ first: 100, most: 1600 }, (rate) => {
    tried.push(rate);
    return Promise.resolve(rate <= limit);
  }, () => isOver(tried));
  return { found, tried };
}

Deno.test("findHighest() doubles, bisects, and tries its result once more", async () => {
  const { found, tried } = await search(700);
  assertEquals(tried.slice(0, 4), [100, 200, 400, 800]);
  assert(found !== undefined && found > 600 && found <= 700, `${found}`);
  assertStrictEquals(tried.at(-1), found);
});

Deno.test("findHighest() ends at the highest and the lowest rate, and when the time is over", async () => {
  assertStrictEquals((await search(9999)).found, 1600);
  const low = (await search(3)).found;
  assert(low !== undefined && low <= 3, `${low}`);
  assertStrictEquals((await search(0)).found, undefined);
  assertEquals(await search(9999, (tried) => tried.length === 2), { found: 200, tried: [100, 200] });
});

Deno.test("parseDropped() adds the errors of both families", () => {
  const snmp =
    "Ip: Forwarding\nIp: 1\nUdp: InDatagrams NoPorts InErrors RcvbufErrors\nUdp: 70 3 5 4\nUdpLite: InErrors\nUdpLite: 9\n";
  const snmp6 = "Ip6InReceives 8\nUdp6InDatagrams \t6\nUdp6InErrors \t2\n";
  assertStrictEquals(parseDropped(snmp, snmp6), 11);
});

const REPORT: UdpReport = {
  machine: "a machine",
  rounds: 3,
  seconds: 2,
  rows: [
    {
      title: "One",
      unit: "calls/s",
      rate: 2000,
      clean: false,
      columns: {
        "UDP": { count: { sent: 12_000, lost: 0, refused: 0 }, runs: 3, failed: 0 },
        "unsock, 10": {
          count: { sent: 12_000, lost: 24, refused: 5 },
          runs: 3,
          failed: 1,
          reason: "status 1: no answer",
        },
        "unsock, 512": { count: { sent: 0, lost: 0, refused: 0 }, runs: 3, failed: 3, reason: "it hangs" },
      },
    },
    { title: "Two", unit: "MB/s", columns: {}, missing: "two (two-tools)" },
  ],
};

Deno.test("formatUdp() says what was lost, what failed and why, and which program is missing", () => {
  const section = formatUdp(REPORT);
  assertMatch(
    section,
    /^\| One \| 2,000 calls\/s \| 0 of 12,000 \| 24 of 12,000 \(0\.20 %\), 5 `EAGAIN`, 1 of 3 failed \| failed \|$/m,
  );
  assertMatch(section, /^- One: no rate was found at which UDP drops nothing [^\n]*at the first one tried$/m);
  assertMatch(section, /^- One: unsock, 512 failed: it hangs$/m);
  assertMatch(section, /^- Two: not installed: two \(two-tools\)$/m);
});

Deno.test("withUdp() puts the section before the last one, and takes an earlier one away", () => {
  const page = "# Page\n\nfirst\n\n## Last\n\nlast\n";
  const once = withUdp(page, formatUdp(REPORT), "## Last");
  assertMatch(once, /^# Page\n\nfirst\n\n## Real programs over UDP\n\n[\s\S]*two-tools\)\n\n## Last\n\nlast\n$/);
  assertStrictEquals(withUdp(once, formatUdp(REPORT), "## Last"), once);
  assertMatch(assertThrows(() => withUdp(page, "", "## Other"), Error).message, /## Other/);
});

for (const where of ["the network", "unsock"]) {
  Deno.test(`the counter counts the datagrams of each call, and no others: ${where}`, {
    ignore: !need("cc", "python3"),
  }, async () => {
    await withDir(async (dir) => {
      const counter = await compile(`${dir}/count.so`, ["count_datagrams.c"], [...COMPILE_FLAGS, "-shared", "-fPIC"]);
      await Deno.writeFile(`${dir}/counts`, new Uint8Array(24));
      const env = where === "unsock"
        ? { ...libraryEnv(dir), LD_PRELOAD: `${counter}:${libraryFile()}` }
        : { LD_PRELOAD: counter };
      const program = ["python3", "-c", programText("calls")];
      const { code, stderr } = await run(program, { env: { ...env, COUNTS: `${dir}/counts` } });
      assertStrictEquals(code, 0, stderr);
      assertEquals([...new BigInt64Array((await Deno.readFile(`${dir}/counts`)).buffer)], [5n, 4n, 0n]);
    });
  });
}
