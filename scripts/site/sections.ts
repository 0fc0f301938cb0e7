/** Reads the sections of docs/README.md, which become the site's sidebar. Does no I/O. */

export interface Section {
  readonly title: string;
  readonly links: readonly { readonly text: string; readonly address: string }[];
}

/**
 * @param index The text of docs/README.md.
 * @returns Its sections, in order.
 */
export function sectionsOf(index: string): Section[] {
  const [, ...sections] = index.split(/^## /m);
  return sections.map((section) => ({
    title: section.split("\n")[0] ?? "",
    links: Array.from(
      section.matchAll(/\[([^\]]+)\]\(([^)#]+)\)/g),
      ([, text = "", address = ""]) => ({ text, address }),
    ),
  }));
}
