/**
 * Tests vite, from npm's registry, in two checkouts on port 3000: each tab gets the changes of its own checkout, by the
 * WebSocket of vite's hot reload. Run by `deno task test:browser`.
 */
import { assertStrictEquals } from "@std/assert";
import { unsockCommand } from "../cli/unsock.ts";
import { Browser } from "../docs/browser.ts";
import { withDir } from "../support/dir.ts";
import { run, start } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";
import { until } from "../support/wait.ts";

const VITE = "vite@7";
const INSTALL_MS = 300_000;
const PAGE = `<!DOCTYPE html><html lang="en"><title>app</title><b id="word"></b>
<script type="module" src="/main.js"></script></html>`;
const MAIN = `import { word } from "./word.js";
const show = (text) => document.getElementById("word").textContent = text;
show(word);
import.meta.hot.accept("./word.js", (module) => show(module.word));
`;

async function makeApp(directory: string, word: string): Promise<void> {
  await Deno.mkdir(directory);
  await Deno.writeTextFile(`${directory}/index.html`, PAGE);
  await Deno.writeTextFile(`${directory}/main.js`, MAIN);
  await writeWord(directory, word);
}

async function writeWord(directory: string, word: string): Promise<void> {
  await Deno.writeTextFile(`${directory}/word.js`, `export const word = "${word}";\n`);
}

Deno.test({
  name: "two checkouts of a vite app on port 3000: each tab is hot-reloaded by its own, without a new page",
  ignore: !need("chromium", "node", "npm"),
  fn: () =>
    withDir(async (dir) => {
      const env = { XDG_RUNTIME_DIR: dir };
      const installed = await run(["npm", "install", "--prefix", dir, "--no-audit", "--no-fund", VITE], {
        cwd: dir,
        timeoutMs: INSTALL_MS,
      });
      assertStrictEquals(installed.code, 0, installed.stderr);
      await using servers = new AsyncDisposableStack();
      for (const name of ["main", "feature"]) {
        await makeApp(`${dir}/${name}`, `${name} one`);
        const words = ["run", "--dir", `${dir}/d-${name}`, "--name", name, "--"];
        const vite = [
          "node",
          `${dir}/node_modules/vite/bin/vite.js`,
          `${dir}/${name}`,
          "--port",
          "3000",
          "--strictPort",
        ];
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
