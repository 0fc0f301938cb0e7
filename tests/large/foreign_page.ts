/**
 * Tests what a page of another site, in the user's browser, reaches through expose --http: what it reaches at a plain
 * port of localhost, and by its own name (DNS rebinding) nothing. Run by `deno task test:browser`.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path/posix";
import { unsockCommand } from "../cli/unsock.ts";
import { Browser } from "../docs/browser.ts";
import { withDir } from "../support/dir.ts";
import { start } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";
import { until } from "../support/wait.ts";

const SERVER = fromFileUrl(import.meta.resolve("./dev_server.ts"));
const FOREIGN = "foreign.example";

/** What the page finds out at a URL, in the browser. */
const PROBE = `
const read = async (url, options) => {
  try {
    const response = await fetch(url, options);
    return response.type + " " + (await response.text()).length;
  } catch (error) {
    return error.name;
  }
};
const image = (url) => new Promise((resolve) => {
  const one = new Image();
  one.onload = () => resolve("loads");
  one.onerror = () => resolve("fails");
  one.src = url;
});
const socket = (url) => new Promise((resolve) => {
  const one = new WebSocket(url);
  one.onopen = () => one.send("hello");
  one.onmessage = ({ data }) => resolve(data.replace(/^\\S+ /, ""));
  one.onerror = () => resolve("fails");
});
window.probe = async (host) => [
  await read("http://" + host + "/"),
  await read("http://" + host + "/", { mode: "no-cors" }),
  await read("http://" + host + "/", { method: "PUT" }),
  await image("http://" + host + "/"),
  await socket("ws://" + host + "/socket"),
].join(", ");
`;
const REACHED = "TypeError, opaque 0, TypeError, fails, heard hello";

/** The URL of a frame whose page forbids it. */
const FORBIDDEN = "chrome-error://chromewebdata/";

async function addFrame(tab: Browser, src: string): Promise<void> {
  await tab.evaluate(`document.body.append(Object.assign(document.createElement("iframe"), { src: "${src}" }))`);
}

async function probe(tab: Browser, host: string): Promise<string> {
  await tab.evaluate(`(window.found = "", probe("${host}").then((text) => window.found = text))`);
  return await until("the page has found it out", () => tab.evaluate("window.found"));
}

Deno.test({
  name:
    "a page of another site reaches through expose --http what it reaches at a plain port, and by its own name nothing",
  ignore: !need("chromium"),
  fn: () =>
    withDir(async (dir) => {
      const env = { XDG_RUNTIME_DIR: dir };
      const words = [Deno.execPath(), "run", "-A", "--no-config", SERVER, "main"];
      await using server = start([libraryFile(), "run", "--dir", `${dir}/main`, "--name", "main", "--", ...words], {
        env,
      });
      await until("it listens", () => /^Listening/m.test(server.output()));
      await using exposed = start([...unsockCommand(), "expose", "--http", "0"], { env });
      const port = await until("it listens", () => /localhost:(\d+)\//.exec(exposed.output())?.[1]);
      const html = { "content-type": "text/html" };
      const page = () =>
        new Response(`<!DOCTYPE html><title>foreign</title><script>${PROBE}</script>`, { headers: html });
      await using foreign = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, page);
      await using plain = start([...words, "0"], { env });
      const plainPort = await until("it listens", () => /:(\d+)\//.exec(plain.output())?.[1]);

      // Frames of other sites in one process, so that the page's debugger sees them.
      const flags = [`--host-resolver-rules=MAP ${FOREIGN} 127.0.0.1`, "--disable-site-isolation-trials"];
      await using browser = await Browser.open(dir, flags);
      await browser.visit(`http://${FOREIGN}:${foreign.addr.port}/`);
      await until("the page is there", async () => await browser.evaluate("document.title") === "foreign");
      assertEquals(await probe(browser, `localhost:${plainPort}`), REACHED, "a plain server at a port");
      assertEquals(await probe(browser, `main.localhost:${port}`), REACHED, "the same server by its name");
      const list = await probe(browser, `localhost:${port}`);
      assertMatch(list, /^TypeError, (opaque 0|TypeError), TypeError, fails, fails$/, "the list cannot be read");

      for (const host of ["main", "nobody"]) await addFrame(browser, `http://${host}.localhost:${port}/`);
      await addFrame(browser, `http://localhost:${port}/`);
      const shown = [`http://main.localhost:${port}/`, FORBIDDEN, FORBIDDEN];
      await until(
        "a server's page is in a frame, none of the front's is",
        async () => `${await browser.frameUrls()}` === `${shown}`,
      );

      for (const path of ["", "main"]) {
        await browser.visit(`http://${FOREIGN}:${port}/${path}`);
        const text = await until(
          "its own name has an answer",
          () => browser.evaluate("document.body?.innerText ?? ''"),
        );
        assertMatch(text, /Only names that end with \.localhost/);
        assert(!text.includes("main"), text);
      }
    }),
});
