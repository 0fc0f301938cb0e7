/** OpenBSD's netcat. */
import { assertMatch, assertStrictEquals } from "@std/assert";
import { need } from "../support/programs.ts";
import { until } from "../support/wait.ts";
import { withRig } from "./rig.ts";

const ignore = !need("nc");

Deno.test("nc hands its standard input to a listening nc", { ignore }, async () => {
  await withRig(async (rig) => {
    const server = await rig.server(["nc", "-v", "-l", "127.0.0.1", "17111"], { tcp: [17111], cli: true, once: true });
    await rig.client(["nc", "-N", "127.0.0.1", "17111"], { stdin: "over the wire\n" });
    await until("the listening nc prints the text", () => server.output().includes("over the wire\n"));
    assertMatch(server.output(), /Connection received on localhost \d+/);
    assertStrictEquals((await server.status).code, 0);
  });
});

Deno.test("nc reaches over IPv6 an nc that listens on every address", { ignore }, async () => {
  await withRig(async (rig) => {
    const server = await rig.server(["nc", "-6", "-l", "17112"], { tcp: [17112], once: true });
    await rig.client(["nc", "-N", "::1", "17112"], { stdin: "over IPv6\n", cli: true });
    assertStrictEquals((await server.status).code, 0);
    await until("the listening nc prints the text", () => server.output().includes("over IPv6\n"));
  });
});

Deno.test("nc -z tells an open port from a closed one", { ignore }, async () => {
  await withRig(async (rig) => {
    await rig.server(["nc", "-k", "-l", "127.0.0.1", "17113"], { tcp: [17113] });
    const open = await rig.client(["nc", "-zvn", "127.0.0.1", "17113"]);
    assertMatch(open.stderr, /succeeded/);
    const closed = await rig.client(["nc", "-zvn", "127.0.0.1", "17114"], { code: 1 });
    assertMatch(closed.stderr, /Connection refused/);
  });
});

Deno.test("nc -u sends datagrams to a listening nc -u", { ignore }, async () => {
  await withRig(async (rig) => {
    const server = await rig.server(["nc", "-u", "-l", "127.0.0.1", "17115"], { udp: [17115] });
    await rig.client(["nc", "-u", "-w", "1", "127.0.0.1", "17115"], { stdin: "a datagram\n" });
    await until("the listening nc prints the text", () => server.output().includes("a datagram\n"));
  });
});
