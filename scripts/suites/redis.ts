/** The redis project's tests of its server, with Debian's programs. The tests' client is in Tcl. */
import { join } from "@std/path/posix";
import { readRedis } from "./readers.ts";
import type { Part, Suite } from "./suite.ts";

const UNITS = [
  "networking",
  "protocol",
  "pubsub",
  "pubsubshard",
  "introspection",
  "introspection-2",
  "querybuf",
  "obuf-limits",
  "replybufsize",
  "client-eviction",
  "pause",
  "tracking",
  "wait",
  "multi",
  "auth",
  "other",
  "limits",
  "type/list",
  "type/zset",
];
const INTEGRATION = [
  "redis-benchmark",
  "redis-cli",
  "replication",
  "replication-2",
  "replication-4",
  "replication-buffer",
  "replication-psync",
  "block-repl",
  "failover",
  "psync2-reg",
  "shutdown",
];
const PROGRAMS = ["server", "cli", "benchmark", "check-aof", "check-rdb", "sentinel"].map((name) => `redis-${name}`);

export const REDIS: Suite = {
  name: "redis",
  about:
    `\`runtest\`: ${UNITS.length} units and ${INTEGRATION.length} of the integration tests (replication, failover, redis-cli, …)`,
  source: "redis",
  programs: ["tclsh8.6", ...PROGRAMS.slice(0, 3)],
  version: ["sh", "-c", "redis-server --version | sed 's/.* v=\\([^ ]*\\).*/redis \\1/'"],
  least: 300,
  async prepare(tree, work) {
    for (const name of PROGRAMS) {
      await Deno.remove(join(tree, "src", name)).catch(() => undefined);
      await Deno.symlink(join("/usr/bin", name), join(tree, "src", name));
    }
    await Deno.mkdir(work, { recursive: true });
    const files = [...UNITS.map((name) => `unit/${name}`), ...INTEGRATION.map((name) => `integration/${name}`)];
    return files.map((name): Part => ({
      name,
      cwd: tree,
      seconds: 1_200,
      command: () => ["tclsh8.6", "tests/test_helper.tcl", "--clients", "1", "--timeout", "300", "--single", name],
      read: readRedis,
    }));
  },
};
