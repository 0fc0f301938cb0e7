/* The directory of the socket files. */
#ifndef UNSOCK_DIRECTORY_H
#define UNSOCK_DIRECTORY_H

#include "rt/text.h"
#include "rules/settings.h"

#include <stdbool.h>
#include <stddef.h>

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

/*
 * The directory's own name: /run/x, where the program was told /var/run/x and that leads through a link. All who are in
 * one mount namespace then have one name for it, and know each other's sockets by that.
 *
 * Puts its own name in the place of the one in the settings, if it has another and that fits. The directory is there.
 * Without /proc the name stays as it is.
 */
void unsock_directory_name_settle(struct unsock_settings *settings);

/*
 * Another directory of socket files than the one in force, for who asks about it: a port's names are those of the
 * directory in force, which is kept here meanwhile. Not for use while other threads make socket calls.
 */
struct unsock_directory_visit {
    char directory[UNSOCK_DIR_ROOM];
    size_t length;
};

/* `directory`: an absolute path of `length` bytes. False, and nothing to end: it is none, or its names have no room. */
bool unsock_directory_visit_begin(struct unsock_directory_visit *visit, const char *directory, size_t length);
void unsock_directory_visit_end(const struct unsock_directory_visit *visit);

#endif
