/* The directory of the socket files. */
#ifndef UNSOCK_DIRECTORY_H
#define UNSOCK_DIRECTORY_H

#include "rt/text.h"
#include "rules/settings.h"

/*
 * Makes the directory (0755, parents too) where it is missing. One that this user cannot reach is no reason to refuse.
 * Returns false with one line in `error`, also where others could put another in its place and UNSOCK_TRUST is not set.
 */
bool unsock_directory_make(const struct unsock_settings *settings, struct unsock_text *error);

/*
 * A number that is this directory's, by whatever path it is reached: what is named after it is apart from what another
 * directory's programs name, where names are common to all (a network namespace's abstract ones). 0: not known.
 */
uint64_t unsock_directory_tag(void);

/* Could others than its owner write to it when the process started? */
bool unsock_directory_is_shared(void);

#endif
