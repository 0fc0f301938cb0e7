/*
 * What the library needs to be found in the environment of every program that this one executes: its own name in
 * LD_PRELOAD, and the settings. Kept from the start, since programs clear their environment, and write their title over
 * it.
 */
#ifndef UNSOCK_CHILD_ENVIRONMENT_H
#define UNSOCK_CHILD_ENVIRONMENT_H

#include "rt/text.h"
#include "rules/settings.h"

#define UNSOCK_CHILD_ENVIRONMENT_MOST 24 /* settings */

/*
 * Copies them. `own_file`: the absolute path of the library; empty when it is not known: then LD_PRELOAD is left alone.
 * `environment` NULL: nothing is ever put back, and the path alone is kept.
 */
void unsock_child_environment_take(const struct unsock_environment *environment, struct unsock_span own_file);

/* The library's path; NULL when it is not known. */
const char *unsock_child_environment_file(void);

/* How many bytes and how many strings more an environment may need at most. */
size_t unsock_child_environment_room(const char *const *environment);
#define UNSOCK_CHILD_ENVIRONMENT_STRINGS (UNSOCK_CHILD_ENVIRONMENT_MOST + 1)

/*
 * Writes `environment` with what it lacks to `complete`, NULL-terminated, which has room for its strings,
 * UNSOCK_CHILD_ENVIRONMENT_STRINGS more and the NULL; `room` has the bytes that unsock_child_environment_room says.
 * What is there stays as it is, an empty setting too. One with UNSOCK_OFF=1 is left alone. Returns the number of
 * strings.
 */
size_t unsock_child_environment_complete(const char *const *environment, const char **complete, char *room,
                                         size_t size);

/* Would unsock_child_environment_complete add anything? */
bool unsock_child_environment_lacks(const char *const *environment);

#endif
