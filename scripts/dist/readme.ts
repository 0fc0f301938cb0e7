/** Makes the links of a page absolute, for places without the other files, such as npm's registry. Does no I/O. */

const PICTURE = /\.(?:gif|jpe?g|png|svg|webp)$/;
/** Targets of links in Markdown and in HTML's attributes, unless they have a scheme or are in the same page. */
const TARGETS = /(\]\(|\b(?:src|srcset|href)=")(?![a-z]+:|#)([^)\s"]+)/g;

/**
 * @param page The page's text.
 * @param repository The repository's address.
 * @param commit A tag, a branch or HEAD.
 * @returns The page, with links to the files of this commit.
 */
export function absoluteLinks(page: string, repository: string, commit: string): string {
  return page.replace(TARGETS, (_, before: string, target: string) => {
    const kind = PICTURE.test(target) ? "raw" : "blob";
    return `${before}${repository}/${kind}/${commit}/${target.replace(/^\.\//, "")}`;
  });
}
