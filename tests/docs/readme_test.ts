/** README.md */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path/posix";
import { assertNoIpListener } from "../support/net.ts";
import { mayUnshare } from "../support/namespaces.ts";
import { ownPort } from "../support/own_port.ts";
import { need } from "../support/programs.ts";
import { Reader } from "./page.ts";

const MAY_ISOLATE = await mayUnshare();
const LISTING = /<title>Directory listing for/;

Deno.test({
  name: "README: its first lines and everyday recipes work as they are written, in a checkout",
  ignore: !need("git", "python3", "curl"),
  fn: async () => {
    using one = ownPort(), other = ownPort();
    await Reader.with("../README", async (reader) => {
      await reader.tryCommand(["git", "init", "-q", reader.home]);
      await tryFirstLines(reader);
      await reader.start("http.server 3000", async () => (await reader.tryRun("-- curl")).code === 0);
      await reader.run("unsock doctor");
      for (const part of ["-- curl", "eval", "curl --unix-socket"]) {
        assertMatch((await reader.run(part)).stdout, LISTING);
      }
      const isListed = async (url: string) => LISTING.test((await reader.tryCommand(["curl", "-s", url])).stdout);
      await reader.start("expose --here", () => isListed(`http://127.0.0.1:${one.port}/`));
      await reader.start("expose --http", () => isListed(`http://h.localhost:${other.port}/`));
      assertNoIpListener(3000);
      if (MAY_ISOLATE) assertMatch((await reader.run("--private --isolate")).stdout, LISTING);
    }, {
      places: () => ({ "3000=8081": `3000=${one.port}`, "--http 8080": `--http ${other.port}` }),
      cannotRun: {
        ...(MAY_ISOLATE ? {} : { "--private --isolate": "this machine lets nobody have a network namespace" }),
        "task demo": "it is tried on its own, in a fresh clone",
        "task test": "it is what runs this test",
        "apt-get": "scripts/bare.ts types it, on a bare Debian",
        "install --prefix": "it is tested with the command line",
      },
    });
  },
});

/** In a network of its own, another server has port 3000: the error that $1 prints, and the first line of $2. */
const FIRST_LINES = `
ip link set lo up
node server.mjs >real & real=$!
until grep -q Local real; do sleep 0.05; done
sh -c "$1" 2>&1 | grep '^Error:'
sh -c "$2" >under 2>&1 & under=$!
until grep Local under; do kill -0 $under; sleep 0.05; done
kill $real $under
wait || true
`;

async function tryFirstLines(reader: Reader): Promise<void> {
  const text = reader.block("console", "EADDRINUSE");
  if (!MAY_ISOLATE || !need("npm", "node", "ip")) return;
  const lines = Array.from(text.matchAll(/^\$ (.*?) +# (.*)$/gm));
  await Deno.writeTextFile(`${reader.home}/package.json`, '{ "scripts": { "dev": "node server.mjs" } }');
  const server = 'import { createServer } from "node:http";\n' +
    'createServer().listen(3000, () => console.log("Local: http://localhost:3000/"));\n';
  await Deno.writeTextFile(`${reader.home}/server.mjs`, server);
  const commands = lines.map(([, command = ""]) => command);
  const words = ["unshare", "--map-root-user", "--net", "sh", "-ec", FIRST_LINES, "sh", ...commands];
  const { stdout, stderr } = await reader.tryCommand(words);
  const [error = "", url = ""] = lines.map(([, , printed = ""]) => printed.replace("…", ""));
  const printed = stdout.trim().split("\n");
  assert(printed[0]?.startsWith(error) && printed[1] === url && printed.length === 2, stdout + stderr);
}

Deno.test("README: each row of its table is one of docs/which-tool.md", () => {
  const [shown = [], tried = []] = ["README.md", "docs/which-tool.md"].map((page) => {
    const text = Deno.readTextFileSync(fromFileUrl(import.meta.resolve(`../../${page}`)));
    return text.split("\n").filter((line) => line.startsWith("| ") && line.split("|").length === 8);
  });
  assert(shown.length > 5);
  assertEquals(shown.filter((row) => !tried.includes(row)), []);
});
