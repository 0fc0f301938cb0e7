/** PostgreSQL: a process for each connection, started by an unprivileged user. */
import { assertMatch, assertStrictEquals } from "@std/assert";
import { findProgram, need } from "../support/programs.ts";
import { run } from "../support/process.ts";
import { until } from "../support/wait.ts";
import { type Rig, withRig } from "./rig.ts";

const ignore = !need("postgres", "initdb", "psql", "pgbench", "setpriv");
const USER = ["-h", "127.0.0.1", "-U", "owner", "-d", "postgres"];

async function startPostgres(rig: Rig, port: number, cli: boolean): Promise<void> {
  const data = `${rig.files}/data`;
  const init = rig.unprivileged(["initdb", "-D", data, "-U", "owner", "-A", "trust", "-N", "--locale=C.UTF-8"]);
  const made = await run(init.map((word) => findProgram(word) ?? word), { cwd: rig.files, env: { TZ: "UTC" } });
  assertStrictEquals(made.code, 0, made.stderr);
  const settings = ["unix_socket_directories=", "listen_addresses=localhost", "fsync=off"];
  const argv = ["postgres", "-D", data, "-p", `${port}`, ...settings.flatMap((setting) => ["-c", setting])];
  await rig.server(rig.unprivileged(argv), { tcp: [port], cwd: rig.files, cli });
  // Its socket is there before the database takes questions: "the database system is starting up".
  const ask = () => rig.client(["psql", ...USER, "-p", `${port}`, "-XAtc", "select 1"]);
  await until("the database answers", () => ask().then(() => true, () => false), 30_000);
}

Deno.test("psql queries PostgreSQL, which sees a true client address", { ignore }, async () => {
  await withRig(async (rig) => {
    await startPostgres(rig, 17161, true);
    const where = "select inet_client_addr(), inet_client_port() > 1023, inet_server_addr(), inet_server_port()";
    for (const cli of [false, true]) {
      const { stdout } = await rig.client(["psql", ...USER, "-p", "17161", "-XAtc", where], { cli });
      assertStrictEquals(stdout, "127.0.0.1|t|127.0.0.1|17161\n");
    }
    const six = ["-h", "localhost", "-U", "owner", "-d", "postgres", "-p", "17161"];
    const { stdout } = await rig.client(["psql", ...six, "-XAtc", "select sum(n) from generate_series(1, 1000000) n"]);
    assertStrictEquals(stdout, "500000500000\n");
  });
});

Deno.test("pgbench runs four clients in two threads", { ignore }, async () => {
  await withRig(async (rig) => {
    await startPostgres(rig, 17162, false);
    await rig.client(["pgbench", ...USER, "-p", "17162", "-i", "-q"]);
    const { stdout } = await rig.client(["pgbench", ...USER, "-p", "17162", "-c", "4", "-j", "2", "-t", "100"]);
    assertMatch(stdout, /number of transactions actually processed: 400\/400/);
    assertMatch(stdout, /number of failed transactions: 0 /);
  });
});
