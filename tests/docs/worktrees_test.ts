/** docs/worktrees.md */
import { assertMatch, assertNotMatch } from "@std/assert";
import { mayUnshare } from "../support/namespaces.ts";
import { assertNoIpListener } from "../support/net.ts";
import { ownPort } from "../support/own_port.ts";
import { need } from "../support/programs.ts";
import { Reader } from "./page.ts";

const MAY_ISOLATE = await mayUnshare();
const LISTING = /Directory listing for/;

/** A browser without unsock. */
const ASK = ["curl", "-s", "--max-time", "20"];

Deno.test({
  name:
    "docs: two checkouts serve on the same port; each is reached by its own clients, and by a browser at another port",
  ignore: !need("git", "python3", "curl"),
  fn: async () => {
    using own = ownPort(), other = ownPort();
    const [free, web] = [own.port, other.port];
    await Reader.with("worktrees", async (reader) => {
      for (const [name, value] of [["user.name", "Somebody"], ["user.email", "somebody@example.org"]]) {
        await reader.tryCommand(["git", "config", "--global", name ?? "", value ?? ""]);
      }
      await reader.run("git init");
      const [main, feature] = [`${reader.home}/main`, `${reader.home}/feature`];
      await Deno.writeTextFile(`${main}/only-in-main`, "");
      await Deno.writeTextFile(`${feature}/only-in-feature`, "");
      await reader.start("cd main && unsock run", `${main}/.git/unsock/3000.sock`);
      await reader.start("3000", `${main}/.git/worktrees/feature/unsock/3000.sock`, 1);
      assertNoIpListener(3000);
      for (const part of ["-- curl -s", "eval"]) {
        const { stdout } = await reader.run(part);
        assertMatch(stdout, /only-in-feature/);
        assertNotMatch(stdout, /only-in-main/);
      }
      const see = (name: string) => reader.tryCommand([...ASK, `http://${name}.localhost:${web}/`]);
      await reader.start("expose --http", async () => (await see("feature")).code === 0);
      for (const name of ["main", "feature"]) assertMatch((await see(name)).stdout, new RegExp(`only-in-${name}`));
      const ask = () => reader.tryCommand([...ASK, `http://127.0.0.1:${free}/`]);
      await reader.start("unsock expose --dir", async () => (await ask()).code === 0);
      assertMatch((await ask()).stdout, /only-in-feature/);
      if (MAY_ISOLATE) assertMatch((await reader.run("--private --isolate")).stdout, LISTING);
    }, {
      places: () => ({ "3000=3001": `3000=${free}`, "--http 8080": `--http ${web}` }),
      cannotRun: MAY_ISOLATE ? {} : { "--private --isolate": "this machine lets nobody have a network namespace" },
    });
  },
});
