/** MariaDB: a thread for each connection. */
import { assertStrictEquals } from "@std/assert";
import { need } from "../support/programs.ts";
import { run } from "../support/process.ts";
import { withRig } from "./rig.ts";

const ignore = !need("mariadbd", "mariadb", "mariadb-install-db", "setpriv");

Deno.test("MariaDB answers its client and lists its true address", { ignore }, async () => {
  await withRig(async (rig) => {
    const data = `${rig.files}/data`;
    const common = ["--no-defaults", `--datadir=${data}`];
    const install = ["mariadb-install-db", ...common, "--auth-root-authentication-method=normal", "--skip-test-db"];
    const made = await run(rig.unprivileged(install), { cwd: rig.files, env: { TMPDIR: rig.files } });
    assertStrictEquals(made.code, 0, made.stdout + made.stderr);

    const files = [`--socket=${rig.files}/plain.sock`, `--pid-file=${rig.files}/pid`];
    const address = ["--bind-address=127.0.0.1", "--port=17211"];
    await rig.server(
      rig.unprivileged(["mariadbd", ...common, ...files, ...address, "--innodb-buffer-pool-size=16M"]),
      { tcp: [17211], cwd: rig.files, cli: true },
    );
    const host = "select substring_index(host, ':', 1), substring_index(host, ':', -1) > 1023 " +
      "from information_schema.processlist where id = connection_id()";
    const client = ["mariadb", "--no-defaults", "-h", "127.0.0.1", "-P", "17211", "-u", "root", "-N", "-B", "-e"];
    for (const cli of [false, true]) {
      // The grant is for root@localhost: the server has to find that name for 127.0.0.1.
      const { stdout } = await rig.client([...client, `${host}; select repeat('x', 1000000)`], { cli });
      assertStrictEquals(stdout, `localhost\t1\n${"x".repeat(1_000_000)}\n`);
    }
  });
});
