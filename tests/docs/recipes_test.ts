/** docs/recipes.md */
import { assertEquals, assertMatch } from "@std/assert";
import { firecrackerFile } from "../support/control.ts";
import { assertNoIpListener } from "../support/net.ts";
import { guestIn, Multiplexer } from "../support/multiplexer.ts";
import { ownPort } from "../support/own_port.ts";
import { need } from "../support/programs.ts";
import { until } from "../support/wait.ts";
import { readBlocks, Reader } from "./page.ts";
import { COMMANDS } from "../../lib/commands/table.ts";
import { optionFlag } from "../../lib/system/options.ts";

const LISTING = /<title>Directory listing for/;

Deno.test({
  name: "docs: the recipes work as they are written",
  ignore: !need("python3", "curl", "redis-server", "redis-cli", "nc"),
  fn: async () => {
    using own = ownPort();
    const free = own.port;
    await Reader.with("recipes", async (reader, dir) => {
      await reader.start("http.server", reader.socket(8000));
      await reader.run("run -- curl -s http://127.0.0.1:8000/");
      const browser = () => reader.tryCommand(["curl", "-s", "--max-time", "20", `http://127.0.0.1:${free}/`]);
      await reader.start("unsock expose", async () => (await browser()).code === 0);
      assertMatch((await browser()).stdout, LISTING);
      await reader.run("unsock wait 8000");
      assertNoIpListener(8000);

      await reader.start("redis-server", `${dir}/db/6379.sock`);
      // The umask's bits are restored a moment after the file is there.
      await until("the mode", () => ((Deno.statSync(`${dir}/db/6379.sock`).mode ?? 0) & 0o777) === 0o660);
      await reader.run("redis-cli ping");
      await reader.start("LD_PRELOAD=", `${dir}/unsockets/7000.sock`);
      await reader.run("unsock env");

      await reader.run("make-control");
      assertEquals(await Deno.readFile(reader.socket(1024)), firecrackerFile(`${dir}/v.sock`, 5678));
      const guest = `${dir}/guest`;
      await Deno.mkdir(guest);
      await Deno.symlink(reader.socket(8000), `${guest}/5678.sock`);
      await using _multiplexer = new Multiplexer(`${dir}/v.sock`, { kind: "faithful", guest: guestIn(guest) });
      assertMatch((await reader.run("curl http://127.0.0.1:1024/")).stdout, LISTING);
    }, {
      places: (dir) => ({
        "/run/db": `${dir}/db`,
        "--group db": `--group ${Deno.gid()}`,
        "/tmp/unsockets": `${dir}/unsockets`,
        "8000=8080": `8000=${free}`,
        "127.0.0.1:8080": `127.0.0.1:${free}`,
        "/run/vm": dir,
      }),
      cannotRun: {
        "libnss-myhostname":
          "it changes how this machine resolves names: scripts/bare.ts types it, on a bare Debian, as it changes how a machine resolves names",
        "getent": "the same",
      },
    });
  },
});

Deno.test("docs: the map of use fits 100 columns, and has no option that its command lacks", () => {
  const [map] = readBlocks("recipes").filter(({ language }) => language === "text");
  const lines = map?.text.split("\n") ?? [];
  assertEquals(lines.filter((line) => [...line].length > 100), []);
  const used = lines.flatMap((line) => Array.from(line.matchAll(/unsock ([a-z-]+)(?: (--[a-z-]+))?/g)));
  const missing = used.filter(([, name, flag]) => {
    const command = COMMANDS.find((one) => one.name === name);
    return command === undefined ||
      (flag !== undefined && !Object.keys(command.options).map(optionFlag).includes(flag));
  });
  assertEquals(missing.map(([text]) => text), []);
  assertEquals(
    used.map(([, name]) => name).toSorted().join(" "),
    "expose expose expose make-control make-control run run run",
  );
});
