/** The version of the command line; `UNSOCK_VERSION` in `c/unsock.h` is the same. After a release it is the next one's, with `-dev`. */
export const VERSION = "2.1.0-dev";

/** The day of the last release, as manual pages show it. */
export const RELEASED = "2026-11-25";
