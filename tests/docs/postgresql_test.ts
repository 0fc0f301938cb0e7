/** docs/postgresql.md, with a server of one user and clients of another. */
import { assert, assertStrictEquals } from "@std/assert";
import { dirname } from "@std/path/posix";
import { assertNoIpListener } from "../support/net.ts";
import { findProgram, need } from "../support/programs.ts";
import { CLIENT, MEMBERS, NOBODY } from "../support/users.ts";
import { until } from "../support/wait.ts";
import { Reader, type Who } from "./page.ts";

const isRoot = Deno.uid() === 0;
/** initdb wants a user that has a name. */
const OWNER: Who = { uid: NOBODY, groups: [MEMBERS] };
const MEMBER: Who = { uid: CLIENT, groups: [MEMBERS] };

/** A directory as root makes it for a service's user and a group. */
function make(directory: string, uid: number, gid: number, mode: number): void {
  Deno.mkdirSync(directory);
  if (isRoot) Deno.chownSync(directory, uid, gid);
  Deno.chmodSync(directory, mode);
}

Deno.test({
  name: "docs: psql at 127.0.0.1 reaches PostgreSQL by its own Unix socket, and PostgreSQL under unsock",
  ignore: !need("postgres", "initdb", "psql"),
  fn: () =>
    Reader.with("postgresql", async (reader, dir) => {
      Deno.chmodSync(dir, 0o755);
      make(`${dir}/data`, NOBODY, NOBODY, 0o700);
      make(`${dir}/pg`, NOBODY, MEMBERS, 0o2750);
      make(`${dir}/app`, CLIENT, CLIENT, 0o700);
      make(`${dir}/db`, NOBODY, MEMBERS, 0o2770);
      await reader.run("initdb", 0, OWNER);
      await reader.start("listen_addresses= ", `${dir}/pg/.s.PGSQL.5432`, 0, OWNER);
      await until("the database answers", async () => (await reader.tryRun("--map", 0, MEMBER)).code === 0, 30_000);
      assertStrictEquals((await reader.run("--map", 0, MEMBER)).stdout, "42\n");
      assertNoIpListener(5432);
      await reader.end("listen_addresses= ");

      await reader.start("listen_addresses=127.0.0.1", `${dir}/db/5432.sock`, 0, OWNER);
      await reader.run("pg_isready", 0, MEMBER);
      assertStrictEquals((await reader.run("inet_client_addr", 0, MEMBER)).stdout, "127.0.0.1\n");
      const stranger = await reader.tryRun("inet_client_addr", 0, { uid: CLIENT });
      assert(isRoot ? stranger.code !== 0 && stranger.stdout === "" : stranger.code === 0, stranger.stdout);
      assertNoIpListener(5432);
    }, {
      users: true,
      places: (dir) => ({
        "-D data": `-D ${dir}/data`,
        "/run/app": `${dir}/app`,
        "/run/pg": `${dir}/pg`,
        "/run/db": `${dir}/db`,
        "--group db": `--group ${isRoot ? MEMBERS : Deno.gid()}`,
        "initdb": findProgram("initdb") ?? "",
        "postgres -D data": `${dirname(findProgram("initdb") ?? "")}/postgres -D ${dir}/data`,
      }),
    }),
});
