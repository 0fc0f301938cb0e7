/** iperf 2: the seed's first example. */
import { assert, assertMatch, assertStrictEquals } from "@std/assert";
import { need } from "../support/programs.ts";
import { withRig } from "./rig.ts";

const ignore = !need("iperf");
const MEBIBYTES = 64;

/** Reads the number of bytes from iperf's comma-separated report. */
function transferred(report: string): number {
  const line = report.split("\n").find((text) => text.includes(","));
  return Number(line?.split(",")[7]);
}

Deno.test("iperf by environment sends to iperf by command line, and reports the transfer", { ignore }, async () => {
  await withRig(async (rig) => {
    await rig.server(["iperf", "-s"], { tcp: [5001], cli: true });
    const { stdout } = await rig.client(["iperf", "-c", "127.0.0.1", "-n", `${MEBIBYTES}M`, "-y", "C"]);
    assertStrictEquals(transferred(stdout), MEBIBYTES << 20);
  });
});

Deno.test("iperf by command line sends to iperf by environment, and both report the transfer", { ignore }, async () => {
  await withRig(async (rig) => {
    const server = await rig.server(["iperf", "-s", "-p", "17101", "-f", "M"], { tcp: [17101] });
    const { stdout } = await rig.client(
      ["iperf", "-c", "127.0.0.1", "-p", "17101", "-n", `${MEBIBYTES}M`, "-f", "M"],
      { cli: true },
    );
    assertMatch(stdout, /64(\.0)? MBytes/);
    assertMatch(server.output(), /64(\.0)? MBytes/);
  });
});

Deno.test("iperf runs four streams both ways at once", { ignore }, async () => {
  await withRig(async (rig) => {
    await rig.server(["iperf", "-s", "-p", "17102"], { tcp: [17102] });
    const { stdout } = await rig.client(
      ["iperf", "-c", "localhost", "-p", "17102", "-n", "8M", "-P", "4", "--full-duplex", "-f", "M"],
    );
    assertMatch(stdout, /\[SUM/);
  });
});

Deno.test("iperf -u counts its datagrams at the other end", { ignore }, async () => {
  await withRig(async (rig) => {
    await rig.server(["iperf", "-s", "-u", "-p", "17103"], { udp: [17103] });
    const { stdout } = await rig.client(
      ["iperf", "-u", "-c", "127.0.0.1", "-p", "17103", "-n", "1M", "-b", "40M", "-l", "1400"],
    );
    assertMatch(stdout, /Server Report/);
    const [, lost, total] = stdout.match(/(\d+)\/(\d+) \(\d/) ?? [];
    assert(Number(total) >= 749, `all datagrams are accounted for:\n${stdout}`);
    assert(Number(lost) < Number(total) / 2, `more than half arrives:\n${stdout}`);
  });
});
