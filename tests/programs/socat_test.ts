/** socat: every shape of server that forks, and UDP. */
import { assertStrictEquals } from "@std/assert";
import { need } from "../support/programs.ts";
import { withRig } from "./rig.ts";

const ignore = !need("socat");

Deno.test("socat forks a child for each TCP client and tells it the client's address", { ignore }, async () => {
  await withRig(async (rig) => {
    const child = "SYSTEM:echo from $SOCAT_PEERADDR to $SOCAT_SOCKADDR\\:$SOCAT_SOCKPORT; cat";
    await rig.server(["socat", "TCP-LISTEN:17121,fork,reuseaddr,bind=127.0.0.1", child], { tcp: [17121] });
    for (const cli of [false, true]) {
      const { stdout } = await rig.client(["socat", "-", "TCP:127.0.0.1:17121"], { stdin: "and back\n", cli });
      assertStrictEquals(stdout, "from 127.0.0.1 to 127.0.0.1:17121\nand back\n");
    }
  });
});

Deno.test("socat sees the source port that its client was bound to", { ignore }, async () => {
  await withRig(async (rig) => {
    const child = "SYSTEM:echo $SOCAT_PEERADDR $SOCAT_PEERPORT";
    await rig.server(["socat", "TCP-LISTEN:17122,fork,reuseaddr", child], { tcp: [17122] });
    const { stdout } = await rig.client(["socat", "-u", "TCP:127.0.0.1:17122,bind=127.0.0.2:17123", "-"]);
    assertStrictEquals(stdout, "127.0.0.2 17123\n");
  });
});

Deno.test("socat on IPv6 serves an IPv6 and an IPv4 client", { ignore }, async () => {
  await withRig(async (rig) => {
    const child = "SYSTEM:echo $SOCAT_PEERADDR";
    await rig.server(["socat", "TCP6-LISTEN:17124,fork,reuseaddr,ipv6only=0", child], { tcp: [17124], cli: true });
    const six = await rig.client(["socat", "-u", "TCP6:[::1]:17124", "-"]);
    assertStrictEquals(six.stdout, "[0000:0000:0000:0000:0000:0000:0000:0001]\n");
    const four = await rig.client(["socat", "-u", "TCP4:127.0.0.1:17124", "-"]);
    assertStrictEquals(four.stdout, "[0000:0000:0000:0000:0000:ffff:7f00:0001]\n");
  });
});

Deno.test("socat answers UDP datagrams from a child for each", { ignore }, async () => {
  await withRig(async (rig) => {
    await rig.server(["socat", "UDP-RECVFROM:17125,fork,bind=127.0.0.1", "SYSTEM:tr a-z A-Z"], { udp: [17125] });
    for (const cli of [false, true]) {
      const { stdout } = await rig.client(["socat", "-T2", "-t2", "-", "UDP:127.0.0.1:17125"], {
        stdin: "shout\n",
        cli,
      });
      assertStrictEquals(stdout, "SHOUT\n");
    }
  });
});

Deno.test("socat connects its UDP socket to the first sender and serves it", { ignore }, async () => {
  await withRig(async (rig) => {
    await rig.server(["socat", "UDP-LISTEN:17126,bind=127.0.0.1", "PIPE"], { udp: [17126], cli: true });
    const { stdout } = await rig.client(["socat", "-T2", "-t1", "-", "UDP:127.0.0.1:17126"], { stdin: "echo\n" });
    assertStrictEquals(stdout, "echo\n");
  });
});

Deno.test(
  "socat on UDP with a source port hears the peer that comes after it and speaks first",
  { ignore },
  async () => {
    await withRig(async (rig) => {
      await rig.server(["socat", "UDP:127.0.0.1:17129,sp=17128", "PIPE"], { udp: [17128], cli: true });
      const { stdout } = await rig.client(["socat", "-T2", "-t1", "-", "UDP:127.0.0.1:17128,sp=17129"], {
        stdin: "echo\n",
      });
      assertStrictEquals(stdout, "echo\n");
    });
  },
);
