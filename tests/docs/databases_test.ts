/** docs/databases.md: servers of one checkout, and of another on the same port. */
import { assertStrictEquals } from "@std/assert";
import { dirname } from "@std/path/posix";
import { assertNoIpListener } from "../support/net.ts";
import { ownPort } from "../support/own_port.ts";
import { findProgram, need } from "../support/programs.ts";
import { NOBODY } from "../support/users.ts";
import { until } from "../support/wait.ts";
import { Reader, type Who } from "./page.ts";

/** PostgreSQL refuses to run as root. */
const OWNER: Who = { uid: NOBODY };

async function makeCheckouts(reader: Reader): Promise<void> {
  if (Deno.uid() === 0) {
    for (const directory of [reader.home, reader.runtime]) Deno.chownSync(directory, NOBODY, NOBODY);
  }
  const config = "[user]\n\tname = Somebody\n\temail = somebody@example.org\n";
  await Deno.writeTextFile(`${reader.home}/.gitconfig`, config);
  await reader.run("git init", 0, OWNER);
}

async function tryPostgres(reader: Reader): Promise<void> {
  for (const [checkout, git] of [["feature", "main/.git/worktrees/feature"], ["main", "main/.git"]]) {
    await reader.run(`cd ${checkout} && initdb`, 0, OWNER);
    await reader.start(
      `cd ${checkout} && unsock run --here -- postgres`,
      `${reader.home}/${git}/unsock/5432.sock`,
      0,
      OWNER,
    );
  }
  assertNoIpListener(5432);
  const answers = async (part: string) => (await reader.tryRun(part, 0, OWNER)).code === 0;
  await until("feature's database answers", () => answers("create table"), 30_000);
  await until("main's database answers", () => answers("cd main && unsock run --here -- psql"), 30_000);
  assertStrictEquals((await reader.run("cd main && unsock run --here -- psql", 0, OWNER)).stdout, "0\n");
}

async function tryMariadb(reader: Reader): Promise<void> {
  await reader.run("mariadb-install-db", 0, OWNER);
  await reader.start("-- mariadbd", `${reader.home}/main/.git/worktrees/feature/unsock/3306.sock`, 0, OWNER);
  await reader.run("create database", 0, OWNER);
  assertNoIpListener(3306);
}

Deno.test({
  name: "docs: each checkout has its PostgreSQL on the usual port, and its redis and MariaDB",
  ignore: !need(
    "git",
    "postgres",
    "initdb",
    "psql",
    "redis-server",
    "redis-cli",
    "mariadbd",
    "mariadb",
    "mariadb-install-db",
  ),
  fn: async () => {
    using own = ownPort();
    const bin = dirname(findProgram("initdb") ?? "");
    await Reader.with("databases", async (reader) => {
      await makeCheckouts(reader);
      await tryPostgres(reader);
      const shown = async () => (await reader.tryRun("127.0.0.1:5433", 0, OWNER)).code === 0;
      await reader.start("expose --here", shown, 0, OWNER);
      await reader.run("127.0.0.1:5433", 0, OWNER);
      await reader.start("redis-server", `${reader.home}/main/.git/worktrees/feature/unsock/6379.sock`, 0, OWNER);
      assertStrictEquals((await reader.run("redis-cli", 0, OWNER)).stdout, "1\n");
      await tryMariadb(reader);
    }, {
      users: true,
      places: () => ({
        "&& initdb": `&& ${bin}/initdb`,
        "-- postgres": `-- ${bin}/postgres`,
        "5432=5433": `5432=${own.port}`,
        ":5433/": `:${own.port}/`,
      }),
    });
  },
});
