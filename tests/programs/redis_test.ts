/** redis: event loop over epoll, replication, and its own list of clients. */
import { assert, assertMatch, assertStrictEquals } from "@std/assert";
import { need } from "../support/programs.ts";
import { until } from "../support/wait.ts";
import { type Rig, withRig } from "./rig.ts";

const ignore = !need("redis-server", "redis-cli", "redis-benchmark");

function redis(rig: Rig, port: number, ...options: string[]): string[] {
  Deno.mkdirSync(`${rig.files}/${port}`);
  return ["redis-server", "--port", `${port}`, "--save", "", "--dir", `${rig.files}/${port}`, ...options];
}

Deno.test("redis-server answers redis-cli on its default addresses", { ignore }, async () => {
  await withRig(async (rig) => {
    await rig.server(redis(rig, 17151), { tcp: [17151], cli: true });
    const value = "x".repeat(100_000);
    await rig.client(["redis-cli", "-p", "17151", "-x", "SET", "key"], { stdin: value });
    const { stdout } = await rig.client(["redis-cli", "-h", "localhost", "-p", "17151", "GET", "key"], { cli: true });
    assertStrictEquals(stdout, `${value}\n`);
    assertStrictEquals((await rig.client(["redis-cli", "-h", "::1", "-p", "17151", "PING"])).stdout, "PONG\n");
  });
});

Deno.test("redis-benchmark drives 50 connections", { ignore }, async () => {
  await withRig(async (rig) => {
    await rig.server(redis(rig, 17152), { tcp: [17152] });
    const { stdout } = await rig.client(
      ["redis-benchmark", "-p", "17152", "-c", "50", "-n", "20000", "-t", "set,get", "--csv"],
    );
    assertMatch(stdout, /"SET","\d+/);
    assertMatch(stdout, /"GET","\d+/);
    const stats = await rig.client(["redis-cli", "-p", "17152", "INFO", "stats"]);
    const [, commands] = stats.stdout.match(/total_commands_processed:(\d+)/) ?? [];
    assert(Number(commands) >= 40_000, stats.stdout);
  });
});

Deno.test("redis CLIENT LIST shows each client's true address, each with a port of its own", { ignore }, async () => {
  await withRig(async (rig) => {
    await rig.server(redis(rig, 17153, "--bind", "127.0.0.1"), { tcp: [17153] });
    const subscribe = ["redis-cli", "-p", "17153", "SUBSCRIBE", "news"];
    const subscribers = await Promise.all([1, 2, 3].map(() => rig.server(subscribe, {})));
    const clients = await until("three subscribers are connected", async () => {
      const { stdout } = await rig.client(["redis-cli", "-p", "17153", "CLIENT", "LIST", "TYPE", "pubsub"]);
      const lines = stdout.trim().split("\n");
      return lines.length === 3 ? lines : undefined;
    });
    const addresses = clients.map((line) => line.match(/ addr=127\.0\.0\.1:(\d+) laddr=127\.0\.0\.1:17153 /)?.[1]);
    assertStrictEquals(new Set(addresses).size, 3, clients.join("\n"));
    assert(addresses.every((port) => Number(port) > 0), clients.join("\n"));
    await rig.client(["redis-cli", "-p", "17153", "PUBLISH", "news", "extra"]);
    for (const subscriber of subscribers) {
      await until("the news arrives", () => subscriber.output().includes("extra"));
    }
  });
});

Deno.test("a redis replica copies its master and follows it", { ignore }, async () => {
  await withRig(async (rig) => {
    await rig.server(redis(rig, 17154), { tcp: [17154] });
    await rig.client(["redis-cli", "-p", "17154", "SET", "early", "1"]);
    await rig.server(redis(rig, 17155, "--replicaof", "127.0.0.1", "17154"), { tcp: [17155] });
    const get = async (key: string) => (await rig.client(["redis-cli", "-p", "17155", "GET", key])).stdout;
    await until("the replica has the first copy", async () => await get("early") === "1\n", 20_000);
    await rig.client(["redis-cli", "-p", "17154", "SET", "late", "2"]);
    await until("the replica follows", async () => await get("late") === "2\n");
    const { stdout } = await rig.client(["redis-cli", "-p", "17154", "INFO", "replication"]);
    assertMatch(stdout, /slave0:ip=127\.0\.0\.1,port=17155,state=online/);
  });
});
