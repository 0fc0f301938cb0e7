/**
 * Tests two checkouts on one port, in two tabs of a browser. Run by `deno task test:browser`, not by CI, as a browser is
 * large and slow. With WRITE_PICTURE=1 it draws docs/tabs.png again.
 */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { fromFileUrl } from "@std/path/posix";
import { Browser } from "../docs/browser.ts";
import { drawTabs, readPage } from "./tab_pages.ts";
import { withDir } from "../support/dir.ts";
import { assertNoIpListener } from "../support/net.ts";
import { start } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";
import { until } from "../support/wait.ts";
import { unsockCommand } from "../cli/unsock.ts";

const SERVER = fromFileUrl(import.meta.resolve("./dev_server.ts"));
const PICTURE = fromFileUrl(import.meta.resolve("../../docs/tabs.png"));
Deno.test({
  name: "two tabs: two checkouts serve on port 3000, each by its name, with a cookie and a WebSocket of its own",
  ignore: !need("chromium"),
  fn: () =>
    withDir(async (dir) => {
      const env = { XDG_RUNTIME_DIR: dir };
      const run = (name: string) => [libraryFile(), "run", "--dir", `${dir}/${name}`, "--name", name, "--"];
      const server = (name: string) =>
        start([...run(name), Deno.execPath(), "run", "-A", "--no-config", SERVER, name], { env });
      await using main = server("main");
      await using feature = server("feature");
      for (const one of [main, feature]) {
        await until("it listens", () => /^Listening/m.test(one.output()));
      }
      assertNoIpListener(3000);
      await using exposed = start([...unsockCommand(), "expose", "--http", "8080"], { env });
      await until("it listens", () => exposed.output().includes("Serving 2 loopbacks at http://localhost:8080/"));
      await using browser = await Browser.open(dir);
      await using other = await browser.openTab();
      await browser.visit("http://main.localhost:8080/");
      await other.visit("http://feature.localhost:8080/");
      assertEquals(await readPage(browser), { cookie: "visits=main-1", socket: "main heard hello" });
      assertEquals(await readPage(other), { cookie: "visits=feature-1", socket: "feature heard hello" });
      await browser.visit("http://main.localhost:8080/again");
      await until("it is another page", async () => await browser.evaluate("location.pathname") === "/again");
      assertEquals(await readPage(browser), { cookie: "visits=main-2", socket: "main heard hello" });
      await browser.visit("http://main.localhost:8080/");
      await until("it is back", async () => await browser.evaluate("location.pathname") === "/");
      assertEquals(await readPage(browser), { cookie: "visits=main-3", socket: "main heard hello" });

      await using list = await other.openTab();
      await list.visit("http://localhost:8080/");
      await until("the list is there", async () => await list.evaluate("document.links.length") === "4");
      const names = await list.evaluate('[...document.links].map((link) => link.textContent).join(" ")');
      assertStrictEquals(names, "feature 3000 main 3000");

      const picture = await drawTabs(list, [browser, other]);
      assert(picture.length > 5_000);
      if (Deno.env.get("WRITE_PICTURE") === "1") await Deno.writeFile(PICTURE, picture);
    }),
});
