/** Reads the links and headings of a page. Does no I/O. */

const FENCED = /^( *)```[^]*?^ *```$/gm;
const OF_THE_WEB = /^[a-z][a-z0-9+.-]*:/i;

/** @returns The addresses of the page's links and pictures in the tree, in order, without those in code. */
export function linksOf(markdown: string): string[] {
  const prose = markdown.replaceAll(FENCED, "").replaceAll(/(?<!`)(`+)(?!`).*?[^`]\1(?!`)/g, "code");
  return Array.from(prose.matchAll(/\]\(([^()\s]+(?:\([^()]*\))?)\)/g), ([, address = ""]) => address)
    .filter((address) => !OF_THE_WEB.test(address));
}

/** @returns The anchors of the page's headings, as GitHub names them. */
export function anchorsOf(markdown: string): Set<string> {
  const seen = new Map<string, number>();
  const headings = markdown.replaceAll(FENCED, "").matchAll(/^#{1,6} +(.*?)(?: +#+)?$/gm);
  return new Set(Array.from(headings, ([, heading = ""]) => {
    const name = anchorOf(heading);
    const before = seen.get(name) ?? 0;
    seen.set(name, before + 1);
    return before === 0 ? name : `${name}-${before}`;
  }));
}

/** @returns The anchor of a heading: its words without markup and punctuation, in lower case, joined by hyphens. */
export function anchorOf(heading: string): string {
  return heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase().replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, "")
    .trim()
    .replaceAll(" ", "-");
}
