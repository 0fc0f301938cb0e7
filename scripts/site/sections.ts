/** Reads the sections of docs/README.md, which become the site's sidebar. Does no I/O. */

export interface Section {
  readonly title: string;
  readonly links: readonly { readonly text: string; readonly address: string }[];
}

/** Returns the sections of docs/README.md in order. `index` is that file's text. */
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
