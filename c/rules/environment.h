/* The environment, and the names of the settings in it. */
#ifndef UNSOCK_RULES_ENVIRONMENT_H
#define UNSOCK_RULES_ENVIRONMENT_H

#include "rt/text.h"

/* environment.c: An environment, wherever its strings come from. Pure. */

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
 * Returns the library's variables: LD_PRELOAD, the UNSOCK_* and the LISTEN_* ones, in their order, by way of `own`.
 * Looking them up one by one in a long environment is most of what a start costs. The whole environment where they are
 * too many.
 */
struct unsock_environment unsock_environment_own(const struct unsock_environment *whole,
                                                 const char *own[UNSOCK_ENVIRONMENT_OWN]);

/* True if nothing shall be done where this is the environment (UNSOCK_OFF=1). */
bool unsock_environment_is_off(const struct unsock_environment *environment);

/*
 * setting_names.c: Names of settings: one that does not exist is a misspelling, and whoever wrote it believes that it
 * counts. The command line's lib/run/setting_names.ts has the same rules and the same words.
 */

/*
 * Looks for UNSOCK_* variables that are neither settings nor of those that the command line, the tests or the library
 * as a program read. `name_of` gives the names of the settings, NULL behind the last. An empty variable is as good as
 * none. Returns false with one line, "NAME: no such setting…" and the nearest one that there is, in `error`.
 */
bool unsock_setting_names_check(const struct unsock_environment *environment, const char *(*name_of)(unsigned index),
                                struct unsock_text *error);

/* The environment variable of setting number `index` (settings.c); NULL after the last. */
const char *unsock_setting_name(unsigned index);

#endif
