/* Removing what is left over in a directory of socket files, when somebody asks for it. */
#ifndef UNSOCK_PRUNE_H
#define UNSOCK_PRUNE_H

#include <stdbool.h>

#include "unsock.h" /* unsock_prune */

/* Who is told of what is left over: its name, and 1, or -errno where it cannot be removed. */
struct unsock_prune_seer {
    void (*see)(void *context, const char *name, long result);
    void *context;
};

/*
 * All that is left over in the directory at an absolute path. A port's first socket is told as PORT.sock where that
 * goes with it. What says nothing to users (records, the lock's file) goes untold. Returns 0, or -errno: not all has
 * been looked at.
 */
long unsock_prune_directory(const char *directory, bool remove, const struct unsock_prune_seer *seer);

#endif
