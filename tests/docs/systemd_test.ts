/** docs/systemd.md, but for the services themselves: tests/booted/ starts them in a booted systemd. */
import { assertMatch } from "@std/assert";
import { need } from "../support/programs.ts";
import { Reader } from "./page.ts";

Deno.test({
  name: "docs: the units of docs/systemd.md are written, and systemd's checker takes them",
  ignore: !need("systemd-analyze", "systemd-run-directory", "systemd-socket-activate", "python3", "curl"),
  fn: () =>
    Reader.with("systemd", async (reader) => {
      await reader.run("--name example");
      assertMatch(Deno.readTextFileSync(`${reader.home}/example.service`), /^RuntimeDirectory=example$/m);
      await reader.run("--name activated");
      assertMatch(
        Deno.readTextFileSync(`${reader.home}/activated.socket`),
        /^ListenStream=\/run\/activated\/8000\.sock$/m,
      );
      await reader.run("--format systemd");
      const dropIn = Deno.readTextFileSync(`${reader.home}/unsock.conf`);
      assertMatch(dropIn, /^\[Service\]\n(Environment="\w+=[^"\n]*"\n)+$/);
      assertMatch(dropIn, /^Environment="LD_PRELOAD=\/\S+\/libunsock\.so"$/m);
      await reader.run("systemd-analyze verify");
      const listening = () => Promise.resolve(/^Listening on /m.test(reader.outputs()));
      await reader.start("systemd-socket-activate", listening);
      assertMatch((await reader.run("run -- curl")).stdout, /Directory listing for/);
    }, {
      places: (dir) => ({ "/run/app": `${dir}/app` }),
      cannotRun: {
        "--dir /run/example -- curl": "its server is the service, which tests/booted/unit_test.ts starts",
      },
    }),
});
