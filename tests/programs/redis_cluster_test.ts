/** A cluster on one machine: five redis servers with one port, each on an address of its own. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import type { Proc } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { until } from "../support/wait.ts";
import { type Rig, withRig } from "./rig.ts";

const PORT = 17155;
const ADDRESSES = [1, 2, 3, 4, 5].map((number) => `127.0.0.${number}`);

async function node(rig: Rig, address: string): Promise<Proc> {
  const dir = `${rig.files}/${address}`;
  Deno.mkdirSync(dir, { recursive: true });
  const options = [
    "--cluster-enabled",
    "yes",
    "--cluster-node-timeout",
    "5000",
    "--save",
    "",
    "--dir",
    dir,
    "--cluster-announce-ip",
    address,
  ];
  const process = await rig.server(["redis-server", "--port", `${PORT}`, "--bind", address, ...options], {
    tcp: [],
  });
  await until(`the node on ${address} is ready`, () => process.output().includes("Ready to accept connections"));
  return process;
}

async function ask(rig: Rig, address: string, ...command: string[]): Promise<string> {
  return (await rig.client(["redis-cli", "-c", "-h", address, "-p", `${PORT}`, ...command])).stdout.trimEnd();
}

async function untilWhole(rig: Rig): Promise<void> {
  for (const address of ADDRESSES) {
    await until(`${address} knows the whole cluster`, async () => {
      const info = await ask(rig, address, "CLUSTER", "INFO");
      return /cluster_state:ok/.test(info) && /cluster_known_nodes:5/.test(info);
    }, 60_000);
  }
}

Deno.test("five nodes of a redis cluster have one port, and one that was killed comes back", {
  ignore: !need("redis-server", "redis-cli"),
}, () =>
  withRig(async (rig) => {
    const nodes = new Map<string, Proc>();
    for (const address of ADDRESSES) nodes.set(address, await node(rig, address));
    const ids = new Set(await Promise.all(ADDRESSES.map((address) => ask(rig, address, "CLUSTER", "MYID"))));
    assertStrictEquals(ids.size, 5, "each address leads to a node of its own");

    const members = ADDRESSES.map((address) => `${address}:${PORT}`);
    const made = await rig.client(["redis-cli", "--cluster", "create", ...members, "--cluster-yes"]);
    assertMatch(made.stdout, /All 16384 slots covered/);
    await untilWhole(rig);
    const listed = await ask(rig, "127.0.0.1", "CLUSTER", "NODES");
    for (const member of members) assert(listed.includes(` ${member}@`), listed);

    const keys = Array.from({ length: 40 }, (_, index) => `key${index}`);
    for (const key of keys) assertStrictEquals(await ask(rig, "127.0.0.3", "SET", key, `value of ${key}`), "OK");
    const stored = await Promise.all(ADDRESSES.map((address) => ask(rig, address, "DBSIZE")));
    assert(stored.every((count) => Number(count) > 0), stored.join(" "));
    assertStrictEquals(stored.reduce((sum, count) => sum + Number(count), 0), keys.length);

    // The first one, which has the port's own file.
    const first = nodes.get("127.0.0.1");
    assert(first);
    Deno.kill(first.pid, "SIGKILL");
    await first.status;
    await rig.end(first);
    await ask(rig, "127.0.0.2", "PING");
    nodes.set("127.0.0.1", await node(rig, "127.0.0.1"));
    await untilWhole(rig);
    const again = await Promise.all(ADDRESSES.map((address) => ask(rig, address, "CLUSTER", "MYID")));
    assertEquals(new Set(again), ids);
    for (const key of ["key1", "key2", "key3"]) {
      assertStrictEquals(await ask(rig, "127.0.0.5", "SET", key, "new"), "OK");
      assertStrictEquals(await ask(rig, "127.0.0.4", "GET", key), "new");
    }
  }));
