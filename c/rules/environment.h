/* The environment, and the names of the settings in it. */
#ifndef UNSOCK_RULES_ENVIRONMENT_H
#define UNSOCK_RULES_ENVIRONMENT_H

#include "rt/text.h"

/* environment.c: Reads an environment, as a list or as a block. Pure. */

/* NAME=VALUE strings: a NULL-terminated list, or a block of NUL-terminated strings. */
struct unsock_environment {
    const char *const *list; /* or NULL */
    const char *block;
    size_t length;
};

/* Returns the next string, or NULL at the end. *at is 0 at first. Skips a block's last string if it lacks its NUL. */
const char *unsock_environment_next(const struct unsock_environment *environment, size_t *at);

/* Returns the value of a variable, the first one of that name; NULL if it is unset or empty. */
const char *unsock_environment_get(const struct unsock_environment *environment, const char *name);

#define UNSOCK_ENVIRONMENT_OWN 64

/* Copies pointers to the library's variables (LD_PRELOAD, UNSOCK_*, LISTEN_*) into `own`, in their order. Returns an
 * environment of these alone, which is faster to search; or the whole one, if they are too many. */
struct unsock_environment unsock_environment_own(const struct unsock_environment *whole,
                                                 const char *own[UNSOCK_ENVIRONMENT_OWN]);

/* True if this environment turns the library off (UNSOCK_OFF=1). */
bool unsock_environment_is_off(const struct unsock_environment *environment);

/* setting_names.c: Finds misspelt names of settings, which would silently have no effect. The command line's
 * lib/run/setting_names.ts has the same rules and the same words. */

/* Checks that each UNSOCK_* variable is a setting, or a variable of the command line, the tests or the library's own
 * commands. An empty variable counts as unset. Returns false with one line in `error`: "NAME: no such setting…", and
 * the nearest name. */
bool unsock_setting_names_check(const struct unsock_environment *environment, struct unsock_text *error);

/* Returns the environment variable of setting number `index` (settings.c), NULL after the last. */
const char *unsock_setting_name(unsigned index);

#endif
