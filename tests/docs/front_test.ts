/** docs/front.md */
import { assertMatch, assertStrictEquals } from "@std/assert";
import { ownPort } from "../support/own_port.ts";
import { need } from "../support/programs.ts";
import { Reader } from "./page.ts";

const LISTING = /Directory listing for/;
const INSTALLS = "it would make the machine trust an authority";

Deno.test({
  name: "docs: the front serves HTTPS with mkcert's certificate, writes a log, prints JSON, and is started by systemd",
  ignore: !need("python3", "curl", "mkcert", "jq", "systemd-socket-activate"),
  fn: async () => {
    using secure = ownPort(), plain = ownPort();
    const places = () => ({ "8443": `${secure.port}`, "8080": `${plain.port}` });
    await Reader.with("front", async (reader) => {
      const names = `${reader.runtime}/unsock/.names`;
      await reader.start("--name main --private", `${names}/main`);
      await reader.start("--name feature --private", `${names}/feature`);
      await reader.run("mkcert -cert-file");
      const answers = (url: string, ...more: string[]) => async () => {
        const words = ["curl", "-s", "--max-time", "20", ...more, url];
        return LISTING.test((await reader.tryCommand(words)).stdout);
      };
      await reader.start("--cert front.pem", answers(`https://main.localhost:${secure.port}/`, "-k"));
      assertStrictEquals((await reader.run("curl -s --cacert")).stdout, "2\n");
      await reader.start("--log=front.log", answers(`http://main.localhost:${plain.port}/`));
      await reader.run("tail -n 1 front.log");
      await reader.end("--log=front.log");
      await reader.run("unit --expose");
      const more = answers(`http://main.localhost:${plain.port}/`);
      await reader.start("systemd-socket-activate", more);
      const file = `${reader.home}/front.json`;
      await reader.start("--json", () => Deno.readTextFile(file).then((text) => text.endsWith("\n"), () => false));
      assertMatch((await reader.run("jq .port")).stdout, /^\d+\n$/);
    }, { places, cannotRun: { "mkcert -install": INSTALLS, "systemctl --user": "a test has no systemd of its user" } });
  },
});
