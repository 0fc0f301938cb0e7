/* The environment, and the names of the settings in it. */
#ifndef UNSOCK_RULES_ENVIRONMENT_H
#define UNSOCK_RULES_ENVIRONMENT_H

#include "rt/text.h"

/* environment.c: Reads an environment: a NULL-terminated list of NAME=VALUE strings. Pure. */

/* Returns the value of the first variable `name`; NULL if it is unset or empty. A NULL `environment` has none. */
const char *unsock_environment_get(const char *const *environment, const char *name);

#define UNSOCK_ENVIRONMENT_OWN 64

/* Copies pointers to the variables that the library reads (LD_PRELOAD, UNSOCK_*, LISTEN_*) into `own`, in their order.
 * Returns `own`, which is faster to search than `whole`; or `whole`, if `own` has too little room. */
const char *const *unsock_environment_own(const char *const *whole, const char *own[UNSOCK_ENVIRONMENT_OWN]);

/* Stores pointers to the strings of a block, as in /proc/PID/environ, in `own`. Skips a last string without its NUL.
 * False if `own` has too little room. */
bool unsock_environment_of_block(const char *block, size_t length, const char *own[UNSOCK_ENVIRONMENT_OWN]);

/* True if this environment turns the library off (UNSOCK_OFF=1). */
bool unsock_environment_is_off(const char *const *environment);

/* setting_names.c: Finds misspelt names of settings, which would silently have no effect. The build makes the list of
 * names (scripts/tables.ts). */

/* Checks that each UNSOCK_* variable is a setting, or a variable of the command line, the tests or the library's own
 * commands. An empty variable counts as unset. Returns false with one line in `error`: it has the nearest name, or
 * names the manual page if no name is near. */
bool unsock_setting_names_check(const char *const *environment, struct unsock_text *error);

/* Returns the environment variable of setting number `index` (settings.c), NULL after the last. */
const char *unsock_setting_name(unsigned index);

#endif
