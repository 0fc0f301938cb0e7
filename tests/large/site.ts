/** `deno task site`: each link of the static files leads to a file and a heading, and a browser's search finds a page. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl, join } from "@std/path/posix";
import { Browser } from "../docs/browser.ts";
import { withDir } from "../support/dir.ts";
import { run, start } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { until } from "../support/wait.ts";

const ROOT = fromFileUrl(import.meta.resolve("../.."));
const SITE = join(ROOT, "dist", "site");
const LONG_MS = 300_000;
/** Opens the search by its key, and types a word. */
const SEARCH = `(() => {
  const open = new KeyboardEvent("keydown", { key: "k", ctrlKey: true });
  window.dispatchEvent(open);
  const input = document.querySelector("#localsearch-input");
  if (input && input.value === "") { input.value = "mariadb"; input.dispatchEvent(new Event("input")); }
  return Array.from(document.querySelectorAll(".VPLocalSearchBox .result"), (one) => one.getAttribute("href")).join(" ");
})()`;

function pages(): string[] {
  const inside = (directory: string): string[] =>
    [...Deno.readDirSync(directory)].flatMap(({ name, isDirectory }) =>
      isDirectory ? inside(join(directory, name)) : [join(directory, name)]
    );
  return inside(SITE).filter((file) => file.endsWith(".html"));
}

function isDead(page: string, address: string): boolean {
  const [path = "", anchor = ""] = decodeURIComponent(address).split("#");
  const file = path === "" ? page : join(SITE, path.endsWith("/") ? `${path}index.html` : path);
  try {
    return anchor !== "" && file.endsWith(".html") && !Deno.readTextFileSync(file).includes(`id="${anchor}"`);
  } catch {
    return true;
  }
}

Deno.test({
  name: "deno task site makes static files: every link leads somewhere, and the search finds a page",
  ignore: !need("npm", "node", "python3", "chromium"),
  fn: () =>
    withDir(async (dir) => {
      const made = await run([Deno.execPath(), "run", "-A", join(ROOT, "scripts/site.ts")], { timeoutMs: LONG_MS });
      assertEquals(made.code, 0, made.stdout + made.stderr);
      const dead = pages().flatMap((page) => {
        const links = Array.from(Deno.readTextFileSync(page).matchAll(/(?:href|src)="([/#][^"]*)"/g), ([, link = ""]) =>
          link);
        return [...new Set(links)].filter((link) =>
          isDead(page, link)
        ).map((link) => `${page}: ${link}`);
      });
      assertEquals(dead, []);
      assert(pages().length > 40);

      await using server = start(["python3", "-u", "-m", "http.server", "--bind", "127.0.0.1", "0"], { cwd: SITE });
      const address = await until("the server's address", () => /\((http:\S+)\)/.exec(server.output())?.[1]);
      await using browser = await Browser.open(dir);
      await browser.visit(address);
      const found = await until("the search finds", async () => {
        const result = await browser.evaluate(SEARCH);
        return result === "" ? undefined : result;
      }, 30_000);
      assertMatch(found, /\/docs\/databases\.html#mariadb/);
    }),
});
