/** docs/caddy.md */
import { assertMatch, assertStrictEquals } from "@std/assert";
import { assertNoIpListener } from "../support/net.ts";
import { ownPort } from "../support/own_port.ts";
import { need } from "../support/programs.ts";
import { Reader } from "./page.ts";

Deno.test({
  name: "docs: Caddy serves HTTPS in front of a server's file, and of all loopbacks by name",
  ignore: !need("caddy", "curl", "python3"),
  fn: async () => {
    using own = ownPort(), other = ownPort();
    await Reader.with("caddy", async (reader) => {
      await reader.start("unsock run", `${reader.home}/shop/8000.sock`);
      const answers = async (url: string) => (await reader.tryCommand(["curl", "-s", "-f", "-k", url])).code === 0;
      await reader.start("expose --http", () => answers(`http://shop.localhost:${other.port}/`));
      await Deno.writeTextFile(`${reader.home}/Caddyfile`, reader.block("caddyfile", "reverse_proxy"));
      await reader.start("caddy run", () => answers(`https://localhost:${own.port}/`));
      await reader.run("https://localhost");
      await reader.run("https://shop.localhost");
      assertNoIpListener(8000);
      const unknown = await reader.tryCommand([
        "curl",
        "-sk",
        "-w",
        "%{http_code}",
        `https://no.localhost:${own.port}/`,
      ]);
      assertMatch(unknown.stdout, /404$/);
      assertStrictEquals((await reader.tryCommand(["curl", "-s", `https://localhost:${own.port}/`])).code, 60);
      await reader.end("unsock run");
      const gone = await reader.tryCommand(["curl", "-sk", "-w", "%{http_code}", `https://localhost:${own.port}/`]);
      assertStrictEquals(gone.stdout, "502");
      assertMatch(
        reader.outputs(),
        /dial unix .*\/8000\.sock: connect: (?:connection refused|no such file or directory)/,
      );
    }, { places: () => ({ "8443": `${own.port}`, "--http 8080": `--http ${other.port}`, ":8080": `:${other.port}` }) });
  },
});
