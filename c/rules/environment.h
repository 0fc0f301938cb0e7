/* An environment, wherever its strings come from. Pure. */
#ifndef UNSOCK_ENVIRONMENT_H
#define UNSOCK_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

/* Where NAME=VALUE strings come from: a NULL-terminated list, or a block of NUL-terminated strings. */
struct unsock_environment {
    const char *const *list; /* or NULL */
    const char *block;
    size_t length;
};

/* Goes through the strings: *at is 0 at first. Returns NULL at the end. A last one of a block without its NUL is not
 * read. */
const char *unsock_environment_next(const struct unsock_environment *environment, size_t *at);

/* Finds a variable; the first one counts. Returns NULL when it is unset or empty. */
const char *unsock_environment_get(const struct unsock_environment *environment, const char *name);

/* So many strings of one's own are picked out. */
#define UNSOCK_ENVIRONMENT_OWN 64

/*
 * What concerns the library: LD_PRELOAD, the UNSOCK_* and the LISTEN_* variables, in their order, by way of `own`.
 * Looking them up one by one in a long environment is most of what a start costs. The whole environment where they are
 * too many.
 */
struct unsock_environment unsock_environment_own(const struct unsock_environment *whole,
                                                 const char *own[UNSOCK_ENVIRONMENT_OWN]);

/* Shall nothing be done where this is the environment (UNSOCK_OFF=1)? */
bool unsock_environment_is_off(const struct unsock_environment *environment);

#endif
