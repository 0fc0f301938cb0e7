/** Another library beside this one in LD_PRELOAD: tsocks leads connections to the outside to a SOCKS server, which is local. */
import { assertMatch } from "@std/assert";
import { join } from "@std/path/posix";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { withRig } from "./rig.ts";

const programText = programsOf(import.meta);

const PORT = 18461;

for (const cli of [false, true]) {
  Deno.test({
    name: `a program under tsocks reaches a local programText("socks") server${cli ? ", started by unsock run" : ""}`,
    ignore: !need("python3", "tsocks"),
    fn: () =>
      withRig(async (rig) => {
        const file = join(rig.files, "tsocks.conf");
        await Deno.writeTextFile(file, `server = 127.0.0.2\nserver_port = ${PORT}\nserver_type = 4\n`);
        await rig.server(["python3", "-c", programText("socks"), `${PORT}`], { tcp: [PORT] });
        const { stdout } = await rig.client(["tsocks", "python3", "-c", programText("client")], {
          cli,
          env: { TSOCKS_CONF_FILE: file },
        });
        assertMatch(stdout, /^heard 4 1 192\.0\.2\.1 80$/m);
      }),
  });
}
