/* Waiting for a directory to change, whether it exists yet or not (inotify(7)). */
#ifndef UNSOCK_DIRECTORY_WATCH_H
#define UNSOCK_DIRECTORY_WATCH_H

#include "process/run_directory.h"

struct unsock_directory_watch {
    const char *directory; /* absolute */
    long inotify;          /* or -errno: no watch is left for this user */
    long watched;          /* which of its watches; negative: none */
    char place[UNSOCK_RUN_PATH_MOST];
};

void unsock_directory_watch_start(struct unsock_directory_watch *watch, const char *directory);

/*
 * Watches it; where it does not exist, the nearest one above it that does. What changes from here on ends the next
 * wait. Returns whether changes are told of.
 */
bool unsock_directory_watch_arm(struct unsock_directory_watch *watch);

/* Waits for a change since it was armed, at most so many milliseconds; negative: for ever. */
void unsock_directory_watch_wait(struct unsock_directory_watch *watch, int64_t most);

#endif
