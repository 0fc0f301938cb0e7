/**
 * Tests two checkouts by HTTPS in two tabs of a browser: HTTP/2, a WebSocket over it, and what the browser shows for
 * `https://` at a plain port. Run by `deno task test:browser`. With WRITE_PICTURE=1 it draws docs/https.png again.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path/posix";
import { X509Certificate } from "node:crypto";
import { unsockCommand } from "../cli/unsock.ts";
import { Browser } from "../docs/browser.ts";
import { makeCertificate } from "../support/certificates.ts";
import { withDir } from "../support/dir.ts";
import { start } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";
import { until } from "../support/wait.ts";
import { drawTabs, readPage } from "./tab_pages.ts";

const SERVER = fromFileUrl(import.meta.resolve("./dev_server.ts"));
const PICTURE = fromFileUrl(import.meta.resolve("../../docs/https.png"));
const NAMES = ["main", "feature"];

/** Returns the flag by which Chromium accepts a certificate of this key. */
async function trustFlag(file: string): Promise<string> {
  const { publicKey } = new X509Certificate(await Deno.readTextFile(file));
  const der = publicKey.export({ type: "spki", format: "der" });
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(der)));
  return `--ignore-certificate-errors-spki-list=${hash.toBase64()}`;
}

Deno.test({
  name: "two tabs by HTTPS: HTTP/2 and a WebSocket over it, in front of servers of HTTP/1 on port 3000",
  ignore: !need("chromium", "openssl"),
  fn: () =>
    withDir(async (dir) => {
      const env = { XDG_RUNTIME_DIR: dir };
      await using servers = new AsyncDisposableStack();
      for (const name of NAMES) {
        const words = [libraryFile(), "run", "--dir", `${dir}/${name}`, "--name", name, "--"];
        const server = servers.use(
          start([...words, Deno.execPath(), "run", "-A", "--no-config", SERVER, name], { env }),
        );
        await until("it listens", () => /^Listening/m.test(server.output()));
      }
      const { cert, key } = await makeCertificate(dir, ["localhost", ...NAMES.map((name) => `${name}.localhost`)]);
      const front = [...unsockCommand(), "expose", "--http"];
      await using exposed = start([...front, "8443", "--cert", cert, "--key", key, `--log=${dir}/log`], { env });
      await until("it listens", () => exposed.output().includes("Serving 2 loopbacks at https://localhost:8443/"));
      await using browser = await Browser.open(dir, [await trustFlag(cert)]);
      await using other = await browser.openTab();
      for (const [index, tab] of [browser, other].entries()) {
        await tab.visit(`https://${NAMES[index]}.localhost:8443/`);
        const seen = await readPage(tab);
        assertEquals(seen, { cookie: `visits=${NAMES[index]}-1`, socket: `${NAMES[index]} heard hello` });
        const protocol = 'performance.getEntriesByType("navigation")[0].nextHopProtocol';
        assertEquals(await tab.evaluate(`${protocol} + " " + window.isSecureContext`), "h2 true");
      }
      await using canvas = await other.openTab();
      const picture = await drawTabs(canvas, [browser, other]);
      assert(picture.length > 5_000);
      if (Deno.env.get("WRITE_PICTURE") === "1") await Deno.writeFile(PICTURE, picture);
      for (const tab of [browser, other]) await tab.evaluate("socket.close()");
      const log = () => Deno.readTextFileSync(`${dir}/log`);

      await until("both WebSockets have ended", () => log().match(/"CONNECT \/socket HTTP\/2.0" 200/g)?.length === 2);

      await using plain = start([...front, "0"], { env });
      const port = await until("it listens", () => /localhost:(\d+)\//.exec(plain.output())?.[1]);
      await browser.visit(`https://main.localhost:${port}/`);
      const shown = await until("the error is shown", () => browser.evaluate('document.body?.innerText ?? ""'));
      assertMatch(shown, /ERR_SSL_VERSION_OR_CIPHER_MISMATCH/);
      await browser.visit("http://main.localhost:8443/");
      await until("it is redirected", async () => await browser.evaluate("location.protocol") === "https:");
    }),
});
