/* Sockets that a service manager has handed over, on their way to the descriptor that binds the port. */
#ifndef UNSOCK_LISTEN_FDS_BIND_H
#define UNSOCK_LISTEN_FDS_BIND_H

#include "calls/standin.h"
#include "memory/fds.h"
#include "rt/net.h"

/* To the port's own file: `standin` tells which descriptor, and the path. Puts it behind `fd`. Returns 0 or -errno. */
long unsock_listen_fds_bind(int fd, struct unsock_fd *entry, struct unsock_standin *standin);

/*
 * A control file leads `fd`, which binds `ip` (or NULL), to the AF_UNIX `address` of `length` bytes, which somebody
 * has. Was that socket handed over? Then `standin`, which is undone first, takes a duplicate, with the status flags of
 * `fd`. Returns 0; -EADDRINUSE when it was not, or is in the request's way; or another -errno.
 */
long unsock_listen_fds_take_target(struct unsock_standin *standin, int fd, const struct unsock_fd *entry,
                                   const void *address, socklen_t length, const struct unsock_ip *ip);

#endif
