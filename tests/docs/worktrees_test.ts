/** docs/worktrees.md */
import { assertMatch, assertNotMatch, assertStrictEquals } from "@std/assert";
import { writeProgram } from "../support/dir.ts";
import { mayUnshare } from "../support/namespaces.ts";
import { assertNoIpListener } from "../support/net.ts";
import { ownPort } from "../support/own_port.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { Reader } from "./page.ts";

const MAY_ISOLATE = await mayUnshare();
const LISTING = /Directory listing for/;
const programText = programsOf(import.meta);

/** A browser without unsock. */
const ASK = ["curl", "-s", "--max-time", "20"];

const ELSEWHERE = {
  "feature && foreman start": "tests/large/procfile.ts runs it",
  "-- foreman start": "tests/large/procfile.ts runs it",
  "direnv allow": "tests/large/procfile.ts runs it",
  "-- chromium": "tests/large/inside.ts runs it",
  "-- firefox-esr": "tests/large/inside.ts runs it",
};
const FEATURE = "cd feature && unsock run --here -- python3";

/** Uses the page's lines for a project, each in a checkout: the files are written as the page shows them. */
async function useProject(reader: Reader): Promise<void> {
  const feature = `${reader.home}/feature`;
  await reader.end(FEATURE);
  await Deno.writeTextFile(`${feature}/package.json`, reader.block("json", '"dev"'));
  await Deno.mkdir(`${feature}/node_modules/.bin`, { recursive: true });
  writeProgram(`${feature}/node_modules/.bin/vite`, programText("vite"));
  await reader.start("npm run dev", () => Promise.resolve(/Local: /.test(reader.outputs())));
  await Deno.writeTextFile(`${feature}/Makefile`, reader.block("make", "serve:"));
  await reader.start("make -C feature serve", `${reader.home}/main/.git/worktrees/feature/unsock/3001.sock`);
  assertMatch((await reader.run("-- curl -s")).stdout, LISTING);
  await reader.run("settings.local.json");
  const { env } = JSON.parse(await Deno.readTextFile(`${feature}/.claude/settings.local.json`));
  assertStrictEquals(env.UNSOCK_DIR, `${reader.home}/main/.git/worktrees/feature/unsock`);
}

Deno.test({
  name:
    "docs: two checkouts serve on the same port; each is reached by its own clients, and by a browser at another port",
  ignore: !need("git", "python3", "curl", "npm", "make"),
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
      await reader.start(FEATURE, `${main}/.git/worktrees/feature/unsock/3000.sock`);
      assertNoIpListener(3000);
      for (const part of ["-- curl -s", '&& eval "$(unsock env --here)"']) {
        const { stdout } = await reader.run(part);
        assertMatch(stdout, /only-in-feature/);
        assertNotMatch(stdout, /only-in-main/);
      }
      const see = (name: string) => reader.tryCommand([...ASK, `http://${name}.localhost:${web}/`]);
      await reader.start("expose --http", async () => (await see("feature")).code === 0);
      for (const name of ["main", "feature"]) assertMatch((await see(name)).stdout, new RegExp(`only-in-${name}`));
      const ask = () => reader.tryCommand([...ASK, `http://127.0.0.1:${free}/`]);
      await reader.start("unsock expose --here", async () => (await ask()).code === 0);
      assertMatch((await ask()).stdout, /only-in-feature/);
      if (MAY_ISOLATE) assertMatch((await reader.run("--private --isolate")).stdout, LISTING);
      await useProject(reader);
    }, {
      places: () => ({ "3000=3001": `3000=${free}`, "--http 8080": `--http ${web}` }),
      cannotRun: {
        ...ELSEWHERE,
        ...MAY_ISOLATE ? {} : { "--private --isolate": "this machine lets nobody have a network namespace" },
      },
    });
  },
});
