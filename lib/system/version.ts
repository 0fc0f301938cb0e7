/** The version of the command line; `UNSOCK_VERSION` in `c/unsock.h` is the same. */
export const VERSION = "2.0.0";

/** The day of this version, as manual pages show it. */
export const RELEASED = "2026-11-25";
