/**
 * Tests vite, from npm's registry, in two checkouts on port 3000: each tab gets the changes of its own checkout, by the
 * WebSocket of vite's hot reload. Run by `deno task test:browser`.
 */
import { assertStrictEquals } from "@std/assert";
import { unsockCommand } from "../cli/unsock.ts";
import { Browser } from "../docs/browser.ts";
import { withDir } from "../support/dir.ts";
import { start } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";
import { until } from "../support/wait.ts";
import { installVite, makeApp, viteCommand, writeWord } from "./vite_app.ts";

Deno.test({
  name: "two checkouts of a vite app on port 3000: each tab is hot-reloaded by its own, without a new page",
  ignore: !need("chromium", "node", "npm"),
  fn: () =>
    withDir(async (dir) => {
      const env = { XDG_RUNTIME_DIR: dir };
      await installVite(dir);
      await using servers = new AsyncDisposableStack();
      for (const name of ["main", "feature"]) {
        await makeApp(`${dir}/${name}`, `${name} one`);
        const words = ["run", "--dir", `${dir}/d-${name}`, "--name", name, "--"];
        const vite = viteCommand(dir, `${dir}/${name}`);
        const server = servers.use(start([libraryFile(), ...words, ...vite], { env, cwd: `${dir}/${name}` }));
        await until("vite is ready", () => /ready in/.test(server.output()), 60_000);
      }
      await using exposed = start([...unsockCommand(), "expose", "--http", "0"], { env });
      const port = await until("it listens", () => /localhost:(\d+)\//.exec(exposed.output())?.[1]);
      await using browser = await Browser.open(dir);
      await using other = await browser.openTab();
      const tabs = [["main", browser], ["feature", other]] as const;
      const word = (tab: Browser) => tab.evaluate('document.getElementById("word")?.textContent ?? ""');
      for (const [name, tab] of tabs) {
        await tab.visit(`http://${name}.localhost:${port}/`);
        await until("the page is there", async () => await word(tab) === `${name} one`);
        await tab.evaluate("window.isOldPage = true");
      }
      for (const [name, tab] of tabs) {
        await writeWord(`${dir}/${name}`, `${name} two`);
        await until("the change is seen", async () => await word(tab) === `${name} two`);
        assertStrictEquals(await tab.evaluate("window.isOldPage"), "true");
      }
      assertStrictEquals(await word(browser), "main two");
    }),
});
