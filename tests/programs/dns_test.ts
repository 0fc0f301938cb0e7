/** dnsmasq and dig: the same port over UDP and TCP, and answers that must come from the address that was asked. */
import { assert, assertMatch, assertStrictEquals } from "@std/assert";
import { need } from "../support/programs.ts";
import { type Rig, withRig } from "./rig.ts";

const ignore = !need("dnsmasq", "dig");

function dnsmasq(rig: Rig, port: number, ...options: string[]): string[] {
  const config = rig.write("dnsmasq.conf", "no-resolv\nno-hosts\naddress=/example.test/10.1.2.3\nlog-facility=-\n");
  const records = ["--log-queries=extra", "--txt-record=long.test," + "x".repeat(250)];
  return ["dnsmasq", "-k", "-p", `${port}`, "-C", config, "--pid-file=", "--user=", ...records, ...options];
}

/** Asks once over UDP and once over TCP, of a server that is in reach by both families or by one. */
async function ask(rig: Rig, server: string, port: number, cli: boolean): Promise<void> {
  for (const how of ["+notcp", "+tcp"]) {
    const dig = ["dig", "+tries=1", "+time=5", how, `@${server}`, "-p", `${port}`, "+noall", "+answer", "+stats"];
    const { stdout } = await rig.client([...dig, "www.example.test"], { cli });
    assertMatch(stdout, /www\.example\.test\.\t\d+\tIN\tA\t10\.1\.2\.3\n/, how);
    assert(stdout.includes(`;; SERVER: ${server}#${port}(${server}) (${how === "+tcp" ? "TCP" : "UDP"})`), stdout);
  }
}

Deno.test("dnsmasq bound to one address answers dig over UDP and TCP on one port", { ignore }, async () => {
  await withRig(async (rig) => {
    const server = await rig.server(
      dnsmasq(rig, 17241, "--listen-address=127.0.0.1", "--bind-interfaces"),
      { tcp: [17241], udp: [17241], cli: true },
    );
    for (const cli of [false, true]) await ask(rig, "127.0.0.1", 17241, cli);
    assertMatch(server.output(), /127\.0\.0\.1\/\d+ query\[A\] www\.example\.test from 127\.0\.0\.1/);
  });
});

Deno.test(
  "dnsmasq on the wildcards gets the address that the client used from packet information",
  { ignore },
  async () => {
    await withRig(async (rig) => {
      await rig.server(dnsmasq(rig, 17242), { tcp: [17242], udp: [17242] });
      await ask(rig, "127.0.0.1", 17242, false);
      await ask(rig, "::1", 17242, false);
    });
  },
);

Deno.test("dig asks ten times in one run, each time from a socket of its own", { ignore }, async () => {
  await withRig(async (rig) => {
    const server = dnsmasq(rig, 17243, "--listen-address=127.0.0.1", "--bind-interfaces");
    await rig.server(server, { tcp: [17243], udp: [17243] });
    const names = Array.from({ length: 10 }, (_, i) => ["long.test", "TXT", `+retry=${i % 2}`]).flat();
    const { stdout } = await rig.client(["dig", "+time=5", "@127.0.0.1", "-p", "17243", "+short", ...names]);
    assertStrictEquals(stdout, `"${"x".repeat(250)}"\n`.repeat(10));
  });
});

Deno.test("dig gets the refusal of a port without a server, and does not wait", { ignore: !need("dig") }, async () => {
  await withRig(async (rig) => {
    const dig = ["dig", "+tries=1", "+time=30", "@127.0.0.1", "-p", "17244", "www.example.test"];
    const { stdout } = await rig.client(dig, { code: 9 });
    assertMatch(stdout, /connection refused/);
  });
});
