/** Makes the links of a page absolute, for places that show it alone, such as a registry of packages. Pure. */

const PICTURE = /\.(?:gif|jpe?g|png|svg|webp)$/;
/** Targets in Markdown's brackets, and in HTML's attributes. Those with a scheme, and those in the same page, stay. */
const TARGETS = /(\]\(|\b(?:src|srcset|href)=")(?![a-z]+:|#)([^)\s"]+)/g;

/**
 * @param page Its text.
 * @param repository The repository's address.
 * @param commit A tag, a branch or HEAD.
 * @returns The same page, whose links lead to the files of that commit.
 */
export function absoluteLinks(page: string, repository: string, commit: string): string {
  return page.replace(TARGETS, (_, before: string, target: string) => {
    const kind = PICTURE.test(target) ? "raw" : "blob";
    return `${before}${repository}/${kind}/${commit}/${target.replace(/^\.\//, "")}`;
  });
}
