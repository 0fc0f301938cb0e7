/**
 * Tests real projects, each in its main checkout and in two worktrees at once, with `run --here` alone: vite, an express
 * server with PostgreSQL (npm's registry), and Django (Debian's python3-django). All are on their own ports, and browsers
 * outside and inside see each checkout's page. Run by `deno task test:browser`.
 */
import { assertMatch, assertStrictEquals } from "@std/assert";
import { dirname } from "@std/path/posix";
import { Browser } from "../docs/browser.ts";
import { git, makeRepository } from "../support/checkout.ts";
import { withDir } from "../support/dir.ts";
import { assertNoIpListener } from "../support/net.ts";
import { run } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { findProgram, need } from "../support/programs.ts";
import { NOBODY, whyNoOtherUser } from "../support/users.ts";
import { until } from "../support/wait.ts";
import { CHROMIUM, Desk } from "./desk.ts";

/** PostgreSQL and Chromium's sandbox refuse root. PostgreSQL wants a user who has a name. */
const USER = Deno.uid() === 0 ? NOBODY : Deno.uid() ?? -1;
const INSTALL_MS = 300_000;
const programText = programsOf(import.meta);

/** The checkouts' folders, with their branches, by the names that they get. */
const CHECKOUTS: Readonly<Record<string, { folder: string; branch?: string }>> = {
  "shop": { folder: "shop" },
  "feature-one": { folder: "one", branch: "feature/one" },
  "fix-two": { folder: "two", branch: "Fix_two" },
};

interface Project {
  /** Files of the repository. Their pages show `word.txt`, which each checkout has its own of. */
  readonly files: Readonly<Record<string, string>>;
  /** Packages of npm's. */
  readonly packages?: readonly string[];
  /** A line of a shell that makes more files, in the main checkout. */
  readonly make?: string;
  /** Lines of a shell for each checkout: the servers, in order, with their ports. The last one has the page. */
  readonly servers: readonly { readonly before?: string; readonly line: string; readonly port: number }[];
}

const POSTGRES = dirname(findProgram("postgres") ?? "/");

const PROJECTS: Readonly<Record<string, Project>> = {
  vite: {
    files: {
      "package.json": `{ "scripts": { "dev": "unsock run --here -- vite --port 3000 --strictPort" } }\n`,
      "index.html":
        `<!DOCTYPE html><title>app</title><b id="word"></b><script type="module" src="/main.js"></script>\n`,
      "main.js": `import word from "./word.txt?raw";\ndocument.getElementById("word").textContent = word;\n`,
    },
    packages: ["vite@7"],
    servers: [{ line: "npm run dev", port: 3000 }],
  },
  "express with PostgreSQL": {
    files: {
      "package.json": `{ "type": "module", "scripts": { "start": "unsock run --here -- node server.js" } }\n`,
      "server.js": `import express from "express";
import { readFileSync } from "node:fs";
import pg from "pg";
const database = new pg.Pool({ connectionString: "postgres://app@127.0.0.1:5432/postgres" });
await database.query("create table words (word text)");
await database.query("insert into words values ($1)", [readFileSync("word.txt", "utf8")]);
const app = express();
app.get("/", async (_, response) => {
  const { rows } = await database.query("select word from words");
  response.send("<!DOCTYPE html><b>" + rows.map(({ word }) => word).join() + "</b>");
});
app.listen(4000, "localhost");
`,
    },
    packages: ["express@5", "pg@8"],
    servers: [{
      before: `${POSTGRES}/initdb -D "$(git rev-parse --absolute-git-dir)/postgres" -U app -A trust --no-sync`,
      line: `unsock run --here -- ${POSTGRES}/postgres -D "$(git rev-parse --absolute-git-dir)/postgres" ` +
        "-c listen_addresses=127.0.0.1 -c unix_socket_directories=",
      port: 5432,
    }, {
      before:
        "until unsock run --here -- psql postgres://app@127.0.0.1:5432/postgres -c 'select 1'; do sleep 0.2; done",
      line: "npm start",
      port: 4000,
    }],
  },
  Django: {
    files: { "views.py": programText("views") },
    make:
      "django-admin startproject webapp . && printf '%s\\n' 'from django.urls import path' 'from views import index' " +
      `'urlpatterns = [path("", index)]' > webapp/urls.py`,
    servers: [{ line: "unsock run --here -- python3 manage.py runserver 127.0.0.1:8000", port: 8000 }],
  },
};

/** Makes the repository and its worktrees, and installs the packages beside them. */
async function makeCheckouts(dir: string, { files, packages = [], make = ":" }: Project): Promise<void> {
  const shop = `${dir}/shop`;
  await makeRepository(shop);
  for (const [name, text] of Object.entries(files)) Deno.writeTextFileSync(`${shop}/${name}`, text);
  const made = await run(["sh", "-ec", make], { cwd: shop });
  assertStrictEquals(made.code, 0, made.stderr);
  await git(shop, "add", "-A");
  await git(shop, "commit", "-q", "-m", "files");
  for (const [name, { folder, branch }] of Object.entries(CHECKOUTS)) {
    if (branch !== undefined) await git(shop, "worktree", "add", "-q", "-b", branch, `${dir}/${folder}`);
    Deno.writeTextFileSync(`${dir}/${folder}/word.txt`, `word of ${name}`);
  }
  if (packages.length === 0) return;
  const words = ["npm", "install", "--prefix", dir, "--no-audit", "--no-fund", ...packages];
  const installed = await run(words, { cwd: dir, timeoutMs: INSTALL_MS });
  assertStrictEquals(installed.code, 0, installed.stderr);
}

/** Starts the servers of a checkout, one after the other. */
async function serve(desk: Desk, running: AsyncDisposableStack, folder: string, { servers }: Project): Promise<void> {
  for (const { before, line, port } of servers) {
    if (before !== undefined) await desk.run(`cd ${folder} && ${before}`);
    const server = running.use(desk.start(`cd ${folder} && ${line}`));
    const waited = desk.run(`cd ${folder} && unsock wait --here ${port} --timeout 60`);
    await waited.catch((error: unknown) => {
      throw new Error(server.output(), { cause: error });
    });
  }
}

/** Opens each checkout's page by its name, in a tab of a browser outside. */
async function lookFromOutside(dir: string, port: string, web: string): Promise<void> {
  await using browser = await Browser.open(dir);
  for (const name of Object.keys(CHECKOUTS)) {
    await using tab = await browser.openTab();
    await tab.visit(`http://${port}${name}.localhost:${web}/`);
    const see = () => tab.evaluate('document.querySelector("b")?.textContent ?? ""');
    await until(`${name}: ${await see()}`, async () => await see() === `word of ${name}`, 60_000);
  }
}

for (const [project, about] of Object.entries(PROJECTS)) {
  const needed = project === "Django" ? ["django-admin"] : about.packages?.includes("pg@8") ? ["postgres", "psql"] : [];
  Deno.test({
    name:
      `${project} in the main checkout and two worktrees, each by run --here alone, and its page outside and inside`,
    ignore: !need("chromium", "git", "node", "npm", ...needed) ||
      (Deno.uid() === 0 && whyNoOtherUser() !== undefined),
    fn: () =>
      withDir(async (dir) => {
        await makeCheckouts(dir, about);
        const desk = new Desk(dir, USER);
        await desk.open(CHROMIUM.replace(" --remote-debugging-port=0", ""));
        await using running = new AsyncDisposableStack();
        for (const { folder } of Object.values(CHECKOUTS)) await serve(desk, running, folder, about);
        for (const { port } of about.servers) assertNoIpListener(port);
        const page = about.servers.at(-1)?.port;
        const exposed = running.use(desk.start("unsock expose --http 0"));
        const web = await until("it listens", () => /localhost:(\d+)\//.exec(exposed.output())?.[1]);
        await Deno.mkdir(`${dir}/outside`);
        // A loopback with two servers is asked for one of them.
        await lookFromOutside(`${dir}/outside`, about.servers.length > 1 ? `${page}.` : "", web);
        for (const [name, { folder }] of Object.entries(CHECKOUTS)) {
          const browser = `chromium --user-data-dir="$HOME/profile-${folder}" --dump-dom http://localhost:${page}/`;
          const { stdout } = await desk.run(`cd ${folder} && unsock run --here -- ${browser}`);
          assertMatch(stdout, new RegExp(`<b[^>]*>word of ${name}\\n?</b>`));
        }
      }),
  });
}
