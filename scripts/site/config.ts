/** The site's settings. VitePress loads this file with Node.js. */
import { readFileSync } from "node:fs";
import { anchorOf } from "./links.ts";
import { sectionsOf } from "./sections.ts";

const index = readFileSync(new URL("../../docs/README.md", import.meta.url), "utf8");

export default {
  title: "unsock",
  description: "A localhost of its own for every checkout, test and sandbox",
  base: process.env["SITE_BASE"] ?? "/",
  cleanUrls: false,
  lastUpdated: false,
  ignoreDeadLinks: "localhostLinks",
  markdown: { anchor: { slugify: anchorOf }, linkify: false, languageAlias: { caddyfile: "nginx" } },
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    nav: [{ text: "All pages", link: "/docs/" }, { text: "Changes", link: "/CHANGELOG" }],
    sidebar: [
      { text: "unsock", items: [{ text: "Start here", link: "/" }, { text: "All pages", link: "/docs/" }] },
      ...sectionsOf(index).map(({ title, links }) => ({
        text: title,
        collapsed: false,
        items: links.map(({ text, address }) => ({
          text,
          link: new URL(address, "file:///docs/").pathname.replace(/\.md$/, ""),
        })),
      })),
    ],
  },
};
