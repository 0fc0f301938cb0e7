/*
 * A socket that takes the place of one that another process has, on the same address: with SO_REUSEPORT on both and of
 * one user, or with SO_REUSEADDR on two of datagrams. New clients go to the newest, and back to the older one when that
 * goes, whose file waits under a hidden name meanwhile.
 */
#ifndef UNSOCK_SUCCESSOR_H
#define UNSOCK_SUCCESSOR_H

#include "files/bound.h"
#include "memory/fds.h"

/*
 * Binds where others have the address, if all of them let it. A stream waits behind them until it listens. Called with
 * the directory locked. Returns 0 or -errno, -EADDRINUSE where one does not.
 */
long unsock_successor_bind(const struct unsock_bind_request *request, struct unsock_bound *bound);

/* A stream that waits behind another process's listens now: it gets the name, and that one waits. */
void unsock_successor_listen(int fd, struct unsock_fd *entry);

#endif
