/*
 * A directory of its own for one run: DIR/private/NAME. In it lies a file that whoever keeps it has locked (flock(2))
 * until it goes. Where nobody has, its keeper was killed; then the next run, or `prune`, removes it.
 */
#ifndef UNSOCK_PRIVATE_H
#define UNSOCK_PRIVATE_H

#include "process/run_directory.h"

#define UNSOCK_PRIVATE_NAME_LENGTH 6

struct unsock_private {
    char path[UNSOCK_RUN_PATH_MOST];
    long lock; /* the descriptor that keeps it */
};

/* Would the path of one in this directory have room for socket files? False with one line in `error`. */
bool unsock_private_fits(const char *directory, struct unsock_text *error);

/*
 * Makes one in the directory at the absolute path, which is there and good: for its owner and group, with its mode; but
 * where everybody may write to that, for the user alone. Returns false with one line in `error`.
 */
bool unsock_private_make(const char *directory, struct unsock_private *private, struct unsock_text *error);

/* Removes it, with all that is in it, unless somebody listens in it still. Returns whether it is gone. */
bool unsock_private_remove(const char *path);

/*
 * Looks in a directory for those that nobody keeps, in which nobody listens and which no process has for its
 * UNSOCK_DIR, as far as can be seen. Adds a line with the path of each to `paths` (NULL: they are not told). With
 * `remove` they are removed.
 */
void unsock_private_sweep(const char *directory, bool remove, struct unsock_text *paths);

#endif
