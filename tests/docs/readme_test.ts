/** README.md */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path/posix";
import { assertNoIpListener } from "../support/net.ts";
import { mayUnshare } from "../support/namespaces.ts";
import { ownPort } from "../support/own_port.ts";
import { need } from "../support/programs.ts";
import { until } from "../support/wait.ts";
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

/** In a network of its own, another server has port 3000: the error that $1 prints. */
const WHILE_TAKEN = `
ip link set lo up
node server.mjs >real & real=$!
timeout 30 sh -c 'until grep -q Local real; do sleep 0.05; done'
sh -c "$1" 2>&1 | grep '^Error:'
kill $real
`;

/** The first of the two lines at the top runs where the port is taken, the second prints its URL. */
async function tryFirstLines(reader: Reader): Promise<void> {
  const text = reader.block("console", "EADDRINUSE");
  if (!MAY_ISOLATE || !need("npm", "node", "ip")) return;
  const [before = [], after = []] = Array.from(text.matchAll(/^\$ (.*?) +# (.*)$/gm), ([, ...parts]) => parts);
  await Deno.writeTextFile(`${reader.home}/package.json`, '{ "scripts": { "dev": "node server.mjs" } }');
  const server = 'import { createServer } from "node:http";\n' +
    'createServer().listen(3000, () => console.log("Local: http://localhost:3000/"));\n';
  await Deno.writeTextFile(`${reader.home}/server.mjs`, server);
  const command = ["unshare", "--map-root-user", "--net", "sh", "-ec", WHILE_TAKEN, "sh", before[0] ?? ""];
  const { stdout, stderr } = await reader.tryCommand(command);
  assert(stdout.startsWith(before[1]?.replace("…", "") ?? "?"), stdout + stderr);
  const serves = () => Promise.resolve(reader.outputs().split("\n").includes(after[1] ?? "?"));
  reader.startCommand(["sh", "-c", after[0] ?? "false"]);
  await until("the second line serves", serves, 30_000).catch(() => assert(false, reader.outputs()));
  await reader.end("");
}

Deno.test("README: each row of its table is one of docs/which-tool.md", () => {
  const [shown = [], tried = []] = ["README.md", "docs/which-tool.md"].map((page) => {
    const text = Deno.readTextFileSync(fromFileUrl(import.meta.resolve(`../../${page}`)));
    return text.split("\n").filter((line) => line.startsWith("| ") && line.split("|").length === 8);
  });
  assert(shown.length > 5);
  assertEquals(shown.filter((row) => !tried.includes(row)), []);
});
