/**
 * Makes a site of the pages, with a search, in dist/site: static files that any web server can serve, also below a
 * path. The files of the tree are the only source. The sidebar has the sections of docs/README.md. Fails if a link
 * leads nowhere.
 *
 * Usage: `deno task site`. Needs npm's registry, or its cache. SITE_BASE=/NAME/ makes a site that is served below this
 * path.
 */
import * as path from "@std/path/posix";
import { interrupted, untilInterrupted } from "./interruption.ts";
import { linksOf } from "./site/links.ts";

const ROOT = path.join(import.meta.dirname ?? ".", "..");
/** VitePress is maintained, checks links, and has a search without a server. Pinned, as its HTML is not tested here. */
const VITEPRESS = "vitepress@1.6.4";
const BUILD = path.join(ROOT, "build", "site");
const STAGE = path.join(BUILD, "pages");
const OUT = path.join(ROOT, "dist", "site");
/** Pages outside docs/, and their names in the site. */
const PAGES: Readonly<Record<string, string>> = {
  "README.md": "index.md",
  "CONTRIBUTING.md": "CONTRIBUTING.md",
  "CHANGELOG.md": "CHANGELOG.md",
  "packaging/SKILL.md": "packaging/SKILL.md",
};

/** @returns The files of the site's pages, each with its name in the site. */
function sources(): [from: string, to: string][] {
  const docs = [...Deno.readDirSync(path.join(ROOT, "docs"))].map(({ name }) => name).filter((name) =>
    name.endsWith(".md")
  );
  return [
    ...Object.entries(PAGES),
    ...docs.map((name): [string, string] => [`docs/${name}`, `docs/${name === "README.md" ? "index.md" : name}`]),
  ];
}

/** @returns The target of a page's link, as a path of the tree; undefined for a heading of the page itself. */
function targetOf(page: string, link: string): string | undefined {
  const [file = ""] = link.split("#");
  return file === "" ? undefined : path.relative(ROOT, path.join(ROOT, path.dirname(page), file));
}

/** @returns The page, with links to pages by their names in the site, and without links to source files. */
function adapt(page: string, text: string): string {
  const sources = linksOf(text).filter((link) => !/\.(md|svg|png)$/.test(targetOf(page, link) ?? page));
  const without = sources.reduce(
    (rest, link) => rest.replaceAll(new RegExp(`\\[([^\\]]*)\\]\\(${RegExp.escape(link)}\\)`, "g"), "$1"),
    text,
  );
  return without.replaceAll(/\]\(((?:\.\.\/|docs\/)?)README\.md(#[^)]*)?\)/g, "]($1index.md$2)");
}

async function put(to: string, content: string | Uint8Array): Promise<void> {
  const file = path.join(STAGE, to);
  await Deno.mkdir(path.dirname(file), { recursive: true });
  if (typeof content === "string") await Deno.writeTextFile(file, content);
  else await Deno.writeFile(file, content);
}

async function stage(): Promise<void> {
  await Deno.remove(STAGE, { recursive: true }).catch(() => {});
  for (const [from, to] of sources()) {
    const text = await Deno.readTextFile(path.join(ROOT, from));
    await put(to, adapt(from, text));
    for (const target of linksOf(text).map((link) => targetOf(from, link) ?? "")) {
      if (/\.(svg|png)$/.test(target)) await put(target, await Deno.readFile(path.join(ROOT, target)));
    }
  }
  const config = path.join(ROOT, "scripts", "site", "config.ts");
  await put(".vitepress/config.mts", `export { default } from ${JSON.stringify(config)};\n`);
}

/** Runs a tool in the directory with VitePress and its modules. */
async function run(program: string, ...args: string[]): Promise<void> {
  const { success } = await new Deno.Command(program, { args, cwd: BUILD, signal: interrupted }).spawn().status;
  if (!success) throw new Error(`${path.basename(program)} failed: its output says why`);
}

async function main(): Promise<void> {
  await stage();
  await Deno.writeTextFile(path.join(BUILD, "package.json"), '{ "private": true, "type": "module" }\n');
  await run("npm", "install", "--no-save", "--no-audit", "--no-fund", "--prefer-offline", VITEPRESS);
  await run("node_modules/.bin/vitepress", "build", STAGE, "--outDir", OUT);
  console.log(`${path.relative(Deno.cwd(), OUT)}/index.html`);
}

if (import.meta.main) {
  try {
    await untilInterrupted(main);
  } catch (error) {
    console.error(`site: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
