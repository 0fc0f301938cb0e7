/** Small servers with a protocol of their own: mosquitto and memcached. */
import { assertMatch, assertStrictEquals } from "@std/assert";
import { need } from "../support/programs.ts";
import { until } from "../support/wait.ts";
import { withRig } from "./rig.ts";

Deno.test("mosquitto passes a message from publisher to subscriber", {
  ignore: !need("mosquitto", "mosquitto_pub", "mosquitto_sub"),
}, async () => {
  await withRig(async (rig) => {
    const config = rig.write("mosquitto.conf", "listener 17221\nallow_anonymous true\nlog_dest stderr\nlog_type all\n");
    const broker = await rig.server(rig.unprivileged(["mosquitto", "-c", config]), { tcp: [17221], cli: true });
    const where = ["-h", "localhost", "-p", "17221", "-t", "news"];
    const subscriber = await rig.server(["mosquitto_sub", ...where, "-q", "1", "-C", "2"], {});
    await until("the broker knows the subscriber", () => broker.output().includes("Sending SUBACK"));
    await rig.client(["mosquitto_pub", ...where, "-q", "1", "-m", "first"]);
    await rig.client(["mosquitto_pub", ...where, "-q", "2", "-m", "second"], { cli: true });
    assertStrictEquals((await subscriber.status).code, 0);
    await until("both messages are printed", () => subscriber.output() === "first\nsecond\n");
    assertMatch(broker.output(), /New connection from (::1|::ffff:127\.0\.0\.1|127\.0\.0\.1):\d+ on port 17221/);
  });
});

Deno.test("memcached keeps a value over TCP, in four threads", { ignore: !need("memcached", "nc") }, async () => {
  await withRig(async (rig) => {
    await rig.server(
      rig.unprivileged(["memcached", "-l", "127.0.0.1", "-p", "17222", "-U", "0", "-t", "4"]),
      { tcp: [17222], cli: true },
    );
    const nc = ["nc", "-N", "127.0.0.1", "17222"];
    const set = await rig.client(nc, { stdin: "set key 0 0 5\r\nvalue\r\nquit\r\n" });
    assertStrictEquals(set.stdout, "STORED\r\n");
    const get = await rig.client(nc, { stdin: "get key\r\nstats\r\nquit\r\n", cli: true });
    assertMatch(get.stdout, /^VALUE key 0 5\r\nvalue\r\nEND\r\n/);
    assertMatch(get.stdout, /STAT cmd_set 1\r\n/);
  });
});

// A request's frame: id 1, datagram 0 of 1.
const UDP_REQUEST = "\x00\x01\x00\x00\x00\x01\x00\x00version\r\n";

Deno.test("memcached answers over UDP on the port that it has for TCP", {
  ignore: !need("memcached", "socat"),
}, async () => {
  await withRig(async (rig) => {
    const argv = ["memcached", "-l", "127.0.0.1", "-p", "17223", "-U", "17223", "-t", "1"];
    await rig.server(rig.unprivileged(argv), { tcp: [17223], udp: [17223] });
    const client = rig.unprivileged(["socat", "-T2", "-t1", "-", "UDP:127.0.0.1:17223"]);
    const { stdout } = await rig.client(client, { stdin: UDP_REQUEST });
    assertMatch(stdout, /VERSION [\d.]+\r\n$/);
  });
});

Deno.test("memcached of another user answers a UDP client", {
  ignore: !need("memcached", "socat") || Deno.uid() !== 0,
}, async () => {
  await withRig(async (rig) => {
    const argv = ["memcached", "-l", "127.0.0.1", "-p", "17224", "-U", "17224", "-t", "1"];
    await rig.server(rig.unprivileged(argv), { tcp: [17224], udp: [17224] });
    const client = ["socat", "-T2", "-t1", "-", "UDP:127.0.0.1:17224"];
    const { stdout } = await rig.client(client, { stdin: UDP_REQUEST });
    assertMatch(stdout, /VERSION [\d.]+\r\n$/);
  });
});
