/** The version of the command line, as in `c/unsock.h`. After a release: the next one's, with `-dev`. */
export const VERSION = "2.1.0-dev";

/** The day of the last release, as manual pages show it. */
export const RELEASED = "2026-11-25";

/**
 * The address of the repository, for packages' metadata and links. A release sets it: `.example` is nobody's (RFC
 * 2606), and `deno task package` makes no package of a released version with it.
 */
export const REPOSITORY = "https://git.example/unsock";
