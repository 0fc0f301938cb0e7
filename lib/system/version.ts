/** The version of the command line, as in `c/unsock.h`. After a release it becomes the next version, with `-dev`. */
export const VERSION = "2.1.0-dev";

/** The day of the last release, as manual pages show it. */
export const RELEASED = "2026-11-25";

/**
 * The repository's address, for packages' metadata and links. It must be set before a release: `.example` belongs to
 * nobody (RFC 2606), and `deno task package` makes no package of a release with such an address.
 */
export const REPOSITORY = "https://git.example/unsock";
