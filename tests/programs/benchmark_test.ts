/** The measuring tools that open a control connection and data connections: iperf3 and netperf. */
import { assert, assertStrictEquals } from "@std/assert";
import { need } from "../support/programs.ts";
import { withRig } from "./rig.ts";

const iperf3 = !need("iperf3");
const netperf = !need("netserver", "netperf");

Deno.test("iperf3 -P 4 -R receives four streams from its server", { ignore: iperf3 }, async () => {
  await withRig(async (rig) => {
    await rig.server(["iperf3", "-s", "-p", "17231"], { tcp: [17231], cli: true });
    for (const cli of [false, true]) {
      const client = ["iperf3", "-c", "127.0.0.1", "-p", "17231", "-P", "4", "-R", "-n", "16M", "-J"];
      const { stdout } = await rig.client(client, { cli });
      const { start, end } = JSON.parse(stdout);
      assertStrictEquals(start.connected.length, 4);
      assert(start.connected.every((each: { remote_host: string }) => each.remote_host === "127.0.0.1"), stdout);
      assert(end.sum_received.bytes >= 16 << 20, stdout);
    }
  });
});

Deno.test("iperf3 -u sends datagrams beside its TCP control connection", { ignore: iperf3 }, async () => {
  await withRig(async (rig) => {
    await rig.server(["iperf3", "-s", "-p", "17232"], { tcp: [17232] });
    const client = ["iperf3", "-u", "-c", "127.0.0.1", "-p", "17232", "-b", "40M", "-n", "2M", "-l", "1400", "-J"];
    const { end } = JSON.parse((await rig.client(client)).stdout);
    assert(end.sum.packets >= 1400, JSON.stringify(end.sum));
    assert(end.sum.lost_packets < end.sum.packets / 2, JSON.stringify(end.sum));
  });
});

Deno.test("netperf TCP_RR exchanges requests for a second, and TCP_STREAM sends", { ignore: netperf }, async () => {
  await withRig(async (rig) => {
    await rig.server(["netserver", "-D", "-4", "-p", "17233"], { tcp: [17233] });
    const client = ["netperf", "-4", "-H", "127.0.0.1", "-p", "17233", "-l", "1", "-P", "0", "-t"];
    const requests = await rig.client([...client, "TCP_RR"], { cli: true });
    const rate = requests.stdout.trim().split("\n")[0]?.trim().split(/\s+/)[5];
    assert(Number(rate) > 0, requests.stdout);
    const stream = await rig.client([...client, "TCP_STREAM"]);
    assert(Number(stream.stdout.trim().split(/\s+/)[4]) > 0, stream.stdout);
  });
});
