/** `unsock unit --expose`: the front as a service of the user's systemd, started at the first request. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { withDir, writeProgram } from "../support/dir.ts";
import { ownPort } from "../support/own_port.ts";
import { run, start } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { until } from "../support/wait.ts";
import { testFront } from "./http_rig.ts";
import { assertFails, unsock } from "./unsock.ts";

/** Runs with an `unsock` in the PATH. */
async function withUnsock(fn: (dir: string, env: Record<string, string>) => Promise<void>): Promise<void> {
  await withDir(async (dir) => {
    writeProgram(`${dir}/unsock`, "#!/bin/sh\n");
    await fn(dir, { PATH: `${dir}:${Deno.env.get("PATH")}` });
  });
}

Deno.test("unit --expose prints a service and its socket; files are absolute; other options are refused", () =>
  withUnsock(async (dir, env) => {
    const { stdout, code, stderr } = await unsock(["unit", "--expose"], { env });
    assertStrictEquals(code, 0, stderr);
    assertMatch(stdout, new RegExp(`^ExecStart=${dir}/unsock expose --http=8080$`, "m"));
    assertMatch(stdout, /^ListenStream=127\.0\.0\.1:8080$/m);
    assertMatch(stdout, /^# \/etc\/systemd\/user\/unsock-front\.socket$/m);
    const more = ["--http", "8443", "--cert", "c %.pem", "--key", "/k", "--address", "::1", "--log=l"];
    const secure = await unsock(["unit", "--expose", "--name", "web", "--", ...more], { env, cwd: dir });
    assertMatch(secure.stdout, /^ListenStream=\[::1\]:8443$/m);
    assertMatch(
      secure.stdout,
      new RegExp(`--http=8443 --address=::1 "--cert=${dir}/c %%\\.pem" --key=/k --log=${dir}/l$`, "m"),
    );
    assertMatch(secure.stdout, /^Requires=web\.socket$/m);
    for (
      const [words, why] of [
        [["--", "--http", "0"], /not a port from 1 to 65535: "0"/],
        [["--", "--all"], /not for a service: --all/],
        [["--", "--json"], /not for a service: --json/],
        [["--", "80"], /takes options of expose --http alone: "80"/],
        [["--", "--address", "x"], /not an IP address/],
        [["--user", "x"], /--expose: not with --user/],
        [["--name", "a b"], /--name: not a unit's name/],
      ] as const
    ) {
      assertFails(await unsock(["unit", "--expose", ...words], { env }), 2, why);
    }
  }));

Deno.test({
  name: "unit --expose: systemd accepts the units",
  ignore: !need("systemd-analyze"),
  fn: () =>
    withUnsock(async (dir, env) => {
      const written = await unsock(["unit", "--expose", "--output", dir], { env });
      assertEquals(written.stdout, `${dir}/unsock-front.service\n${dir}/unsock-front.socket\n`);
      for (const file of ["unsock-front.service", "unsock-front.socket"]) {
        const { stdout, stderr, code } = await run(["systemd-analyze", "verify", `${dir}/${file}`]);
        assertEquals({ stdout, stderr, code }, { stdout: "", stderr: "", code: 0 });
      }
    }),
});

testFront("expose --http takes the listener that systemd has opened, and starts at the first request", async (rig) => {
  await rig.serve(["--name", "one", "--private"], "A", 3000);
  using own = ownPort();
  rig.port = own.port;
  const words = ["-l", `127.0.0.1:${own.port}`, "-E", "PATH", "-E", "HOME", "-E", "DENO_DIR"];
  const variables = Object.entries(rig.env).flatMap(([name, value]) => ["-E", `${name}=${value}`]);
  const activated = start(["systemd-socket-activate", ...words, ...variables, ...rig.commandText(own.port).split(" ")]);
  try {
    await until("systemd listens", () => activated.output().includes("Listening on"));
    assertMatch(await rig.text("one.localhost/"), /^A /);
    assertMatch(activated.output(), new RegExp(`Serving 1 loopback at http://localhost:${own.port}/`));
    assertMatch(await rig.text("one.localhost/again"), /^A .*\/again/);
  } finally {
    await activated[Symbol.asyncDispose]();
  }
}, need("systemd-socket-activate"));
