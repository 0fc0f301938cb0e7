/** docs/systemd.md, but for the services themselves: tests/booted/ starts them in a booted systemd. */
import { assertMatch } from "@std/assert";
import { need } from "../support/programs.ts";
import { Reader } from "./page.ts";

Deno.test({
  name: "docs: the units of docs/systemd.md are written, and systemd's checker takes them",
  ignore: !need("systemd-analyze", "systemd-run-directory", "python3"),
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
    }, {
      places: (dir) => ({ "/run/app": `${dir}/app` }),
      cannotRun: {
        "curl http://127.0.0.1:8000/": "its server is the service, which tests/booted/unit_test.ts starts",
        "systemd-socket-activate": "it waits for a client: tests/programs/activated_test.ts does it with one",
      },
    }),
});
