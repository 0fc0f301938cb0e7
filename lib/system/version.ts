/** The version of the command line; `UNSOCK_VERSION` in `c/unsock.h` is the same. */
export const VERSION = "2.0.0";
