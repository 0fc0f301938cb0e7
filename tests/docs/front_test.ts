/** docs/front.md */
import { assertMatch, assertStrictEquals } from "@std/assert";
import { ownPort } from "../support/own_port.ts";
import { need } from "../support/programs.ts";
import { readBlocks, Reader } from "./page.ts";

const LISTING = /Directory listing for/;
const INSTALLS = "it would make the machine trust an authority";

Deno.test({
  name: "docs: the front serves HTTPS with mkcert's certificate, and behind Caddy",
  ignore: !need("python3", "curl", "mkcert", "caddy"),
  fn: async () => {
    using secure = ownPort(), plain = ownPort(), caddy = ownPort();
    const places = () => ({ "8443": `${secure.port}`, "8080": `${plain.port}`, "8444": `${caddy.port}` });
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
      await reader.start("expose --http 8080", answers(`http://main.localhost:${plain.port}/`));
      const [file] = readBlocks("front").filter(({ language }) => language === "caddyfile");
      assertMatch(file?.text ?? "", /reverse_proxy/);
      await Deno.writeTextFile(`${reader.home}/Caddyfile`, reader.block("caddyfile", "reverse_proxy"));
      await reader.start("caddy run", answers(`https://feature.localhost:${caddy.port}/`, "-k"));
    }, { places, cannotRun: { "mkcert -install": INSTALLS } });
  },
});
