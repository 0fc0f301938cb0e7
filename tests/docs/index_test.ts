/** The pages' links lead somewhere, and docs/README.md has every page. */
import { assert, assertEquals } from "@std/assert";
import { dirname, fromFileUrl, join, relative } from "@std/path/posix";
import { anchorsOf, linksOf } from "../../scripts/site/links.ts";
import { sectionsOf } from "../../scripts/site/sections.ts";

const ROOT = fromFileUrl(import.meta.resolve("../.."));
const DOCS = join(ROOT, "docs");
const PAGES = [...Deno.readDirSync(DOCS)].map(({ name }) => name).filter((name) => name.endsWith(".md")).toSorted();
const ALL = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ...PAGES.map((name) => `docs/${name}`)];

const read = (page: string) => Deno.readTextFileSync(join(ROOT, page));

Deno.test("docs/README.md has every page once, a line for what one wants", () => {
  const rows = read("docs/README.md").split("\n").filter((line) => line.startsWith("| ") && line.includes("]("));
  assertEquals(rows.filter((row) => (row.split("|")[1]?.trim().length ?? 0) < 5), []);
  const listed = rows.flatMap((row) => linksOf(row)).filter((link) => !link.startsWith("../")).toSorted();
  assertEquals(listed, PAGES.filter((name) => name !== "README.md"));
});

Deno.test("sectionsOf() reads the sidebar of the site: the index's headings, each with its pages", () => {
  const sections = sectionsOf(read("docs/README.md"));
  assertEquals(sections[0]?.title, "The same port, many times");
  assertEquals(sections.filter(({ links }) => links.length === 0), []);
  assertEquals(sections.flatMap(({ links }) => links).length, PAGES.length); // CONTRIBUTING.md, but not the index
});

Deno.test("every link of a page leads to a file, and to a heading that is there", () => {
  const dead = ALL.flatMap((page) =>
    linksOf(read(page)).filter((link) => !isThere(page, link)).map((link) => `${page}: ${link}`)
  );
  assertEquals(dead, []);
});

function isThere(page: string, link: string): boolean {
  const [file = "", anchor] = link.split("#");
  const target = file === "" ? page : relative(ROOT, join(ROOT, dirname(page), file));
  try {
    if (Deno.statSync(join(ROOT, target)).isDirectory) return anchor === undefined;
  } catch {
    return false;
  }
  return anchor === undefined || (target.endsWith(".md") && anchorsOf(read(target)).has(anchor));
}

Deno.test("linksOf() finds links and pictures, but none in code; anchorsOf() names headings as GitHub does", () => {
  const text =
    "# A `b`, c\n## A `b`, c\n[x](a.md#b) ![y](c.svg) `[n](o.md)` <http://x>\n```\n[n](o.md)\n```\n[e](https://e.org/)\n";
  assertEquals(linksOf(text), ["a.md#b", "c.svg"]);
  assertEquals([...anchorsOf(text)], ["a-b-c", "a-b-c-1"]);
  assert(anchorsOf("## What *holds* and what doesn't").has("what-holds-and-what-doesnt"));
});
