/** BIND: a pool of threads for each address, zone transfers, and a control channel of its own. */
import { assertStrictEquals } from "@std/assert";
import { need } from "../support/programs.ts";
import { until } from "../support/wait.ts";
import { type Rig, withRig } from "./rig.ts";

const KEY = `key control { algorithm hmac-sha256; secret "${btoa("a secret for this test alone")}"; };`;

function zone(address: string, serial: number): string {
  return `$TTL 60\n@ SOA ns admin ${serial} 60 60 60 60\n@ NS ns\nns A 127.0.0.1\nwww A ${address}\n` +
    "long TXT " + `"${"x".repeat(250)}" `.repeat(6) + "\n";
}

/** Asks once over UDP and once over TCP. */
async function ask(rig: Rig, address: string, ...question: string[]): Promise<string[]> {
  const answers: string[] = [];
  for (const how of ["+notcp", "+tcp"]) {
    const dig = ["dig", "+tries=1", "+time=5", "+short", how, `@${address}`, "-p", "17444", ...question];
    answers.push((await rig.client(rig.unprivileged(dig))).stdout.trim());
  }
  return answers;
}

Deno.test("named answers dig, transfers a zone, and is reloaded by rndc", {
  ignore: !need("named", "rndc", "dig"),
}, async () => {
  await withRig(async (rig) => {
    rig.write("zone", zone("10.0.0.1", 1));
    const config = rig.write(
      "named.conf",
      `${KEY}
       controls { inet 127.0.0.1 port 17445 allow { 127.0.0.1; } keys { control; }; };
       options {
         directory "${rig.files}"; pid-file none; session-keyfile none; recursion no; dnssec-validation no;
         listen-on port 17444 { 127.0.0.1; }; listen-on-v6 port 17444 { ::1; };
       };
       zone "example.test" { type primary; file "zone"; allow-transfer { 127.0.0.1; }; };\n`,
    );
    const control = rig.write(
      "rndc.conf",
      `${KEY}\noptions { default-key control; default-server 127.0.0.1; default-port 17445; };\n`,
    );
    const named = rig.unprivileged(["named", "-g", "-c", config]);
    // With two sockets on the port, the plain name of the datagram ones leads nowhere: the rig cannot look for that.
    const server = await rig.server(named, { tcp: [17444, 17445], cli: true });
    await until("named runs", () => server.output().includes("running"));
    for (const address of ["127.0.0.1", "::1"]) {
      assertStrictEquals((await ask(rig, address, "www.example.test")).join(), "10.0.0.1,10.0.0.1");
    }
    // Too long for UDP: dig comes again over TCP.
    const [long = ""] = await ask(rig, "127.0.0.1", "+bufsize=512", "long.example.test", "TXT");
    assertStrictEquals(long.match(/x/g)?.length, 1500);
    const transfer = ["dig", "@127.0.0.1", "-p", "17444", "+short", "example.test", "AXFR"];
    assertStrictEquals((await rig.client(rig.unprivileged(transfer))).stdout.trim().split("\n").length, 6);

    rig.write("zone", zone("10.0.0.2", 2));
    const rndc = (command: string) => rig.unprivileged(["rndc", "-c", control, command]);
    await rig.client(rndc("reload"));
    await until(
      "named has the new zone",
      async () => (await ask(rig, "127.0.0.1", "www.example.test")).join() === "10.0.0.2,10.0.0.2",
    );
    // The ports of a server that goes are not looked for any more.
    await rig.client(rndc("status"), { cli: true });
    Deno.kill(server.pid, "SIGTERM");
    assertStrictEquals((await server.status).code, 0);
    assertStrictEquals([...Deno.readDirSync(rig.sockets)].filter(({ name }) => /1744[45]/.test(name)).length, 0);
  });
});
