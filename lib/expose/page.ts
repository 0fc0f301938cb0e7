/** The pages of the front. Names and paths are escaped, as they may come from other users. */
import { type Listed, listPorts, type Loopback, type Places } from "../sockets/loopbacks.ts";
import { isLabel } from "../system/dns_label.ts";
import type { Front, Origin } from "./parts.ts";
import type { PageAnswer } from "./route.ts";

/** The header fields of every page's answer. */
export const PAGE_FIELDS = {
  "Content-Type": "text/html; charset=utf-8",
  "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "no-store",
} as const;

const HEAD = `<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>unsock</title>
<style>body{font:16px/1.6 system-ui,sans-serif;margin:3em auto;max-width:48em;padding:0 1em}code{color:#888}</style>
`;

/** @returns The text with HTML's special characters escaped, and control characters replaced. */
function escapeHtml(text: string): string {
  const plain = [...text].map((c) => c < " " || c === "\x7f" ? "?" : c).join("");
  return plain.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** @returns The URL of a loopback, or of one port of it; undefined if its name is no valid host name. */
export function urlOf({ name }: Loopback, front: Origin, port?: number): string | undefined {
  if (!name.toLowerCase().split(".").every(isLabel)) return undefined;
  return `${front.scheme}://${port === undefined ? "" : `${port}.`}${name}.localhost:${front.port}/`;
}

/** @returns All loopbacks that have a server. A loopback with several names is listed once, under the first. */
export async function listServed(places: Places): Promise<Listed[]> {
  const all = await listPorts((await places.all.ask()).filter(({ isSecondName }) => !isSecondName), places);
  return all.filter(({ ports }) => ports.length > 0);
}

function link(url: string | undefined, text: string): string {
  return url === undefined ? escapeHtml(text) : `<a href="${escapeHtml(url)}">${escapeHtml(text)}</a>`;
}

function listItem({ loopback, ports }: Listed, front: Origin): string {
  const links = ports.map((port) => link(urlOf(loopback, front, port), `${port}`)).join(", ");
  const name = link(urlOf(loopback, front), loopback.name);
  return `<li>${name}: ${links} <code>${escapeHtml(loopback.path)}</code></li>\n`;
}

export async function renderPage({ sentence, lists, location }: PageAnswer, front: Front): Promise<string> {
  const lead = sentence === undefined ? "" : `<p>${escapeHtml(sentence)}</p>\n`;
  const instead = location === undefined ? "" : `<p>${link(location, location)}</p>\n`;
  if (lists === "nothing") return `${HEAD}${lead}${instead}`;
  const listed = lists === "all"
    ? await front.served.ask()
    : (await listPorts([lists], front)).filter(({ ports }) => ports.length > 0);
  const title = lists === "all" ? "Loopbacks with a server" : "Choose a port";
  const items = listed.map((one) => listItem(one, front)).join("");
  return `${HEAD}${lead}<h1>${title}</h1>\n<ul>\n${items}</ul>\n${items === "" ? "<p>No server listens.</p>\n" : ""}`;
}
