/*
 * The name that a loopback was given by `run --name`: a link in the user's default directory, in `.names`, that leads
 * to the directory of the socket files. Who gives a name once more has it.
 */
#ifndef UNSOCK_LOOPBACK_NAME_H
#define UNSOCK_LOOPBACK_NAME_H

#include "process/run_directory.h"

#define UNSOCK_LOOPBACK_NAMES ".names"
#define UNSOCK_LOOPBACK_NAME_MOST 63

/* Removes a name, in the directory of them, that leads nowhere. */
void unsock_loopback_name_forget(const char *names, const char *name);

/* Is it one that can be part of a host's name: letters, digits and "-"? */
bool unsock_loopback_name_is(struct unsock_span name);

/* The same, with one line in `error`; NULL is fine. */
bool unsock_loopback_name_check(const char *name, struct unsock_text *error);

/*
 * Gives the name (NULL: none) to the directory at the absolute path; `caller` is the environment. Returns false with
 * one line in `error`.
 */
bool unsock_loopback_name_give(const char *name, const char *path, const char *const *caller,
                               struct unsock_text *error);

#endif
