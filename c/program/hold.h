/*
 * `libunsock.so hold`: a private directory for somebody who starts programs in it himself, a test runner say. It is
 * there until standard input ends, however that comes about; then all that still runs in it is killed, and it goes.
 *
 * On standard output, each with a NUL behind it: the variables that put a program there, and an empty one. Then an
 * answer to each request that standard input has, "" for yes: "map PORT[/udp]=PATH" (program/run_map.h); "unused":
 * nobody was told of the directory, so that nobody in it has to be looked for.
 */
#ifndef UNSOCK_HOLD_H
#define UNSOCK_HOLD_H

#include "process/private.h"

struct unsock_hold {
    const struct unsock_private *private;
    const char *const *environment; /* of a command that is run in it */
    const char *const *caller;
};

/* Returns the exit status when the directory is gone. */
int unsock_hold(const struct unsock_hold *hold);

#endif
