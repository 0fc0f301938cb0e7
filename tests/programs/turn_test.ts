/**
 * TURN: coturn relays the datagrams of ten clients at once. It makes a socket for each client, bound to its own port and
 * connected to the client, while other clients are connected to the one that listens.
 */
import { assertMatch } from "@std/assert";
import { need } from "../support/programs.ts";
import { withRig } from "./rig.ts";

const ignore = !need("turnserver", "turnutils_peer", "turnutils_uclient");

Deno.test("coturn, with a socket for each of ten clients, relays all that they say", { ignore }, async () => {
  await withRig(async (rig) => {
    const words = "-n --no-cli --no-tls --no-dtls --no-tcp --no-auth --allow-loopback-peers --log-file stdout";
    const places = ["--pidfile", `${rig.files}/pid`, "-b", `${rig.files}/db`];
    const udpSocketPerSession = "--ne=1";
    await rig.server(
      ["turnserver", ...words.split(" "), udpSocketPerSession, "-L", "127.0.0.1", "-p", "17300", ...places],
      { udp: [17300], cli: true },
    );
    await rig.server(["turnutils_peer", "-p", "17301", "-L", "127.0.0.1"], { udp: [17301] });
    const client = "turnutils_uclient -n 5 -m 10 -l 100 -y -p 17300 -e 127.0.0.1 -r 17301 127.0.0.1";
    const { stdout } = await rig.client(client.split(" "));
    assertMatch(stdout, /Total lost packets 0 .*total send dropped 0/);
    assertMatch(stdout, /start_mclient: tot_send_msgs=([1-9]\d+), tot_recv_msgs=\1\s/);
  });
});
