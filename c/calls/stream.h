/* TCP calls on redirected descriptors. All return a value or -errno, and leave errno alone. */
#ifndef UNSOCK_STREAM_H
#define UNSOCK_STREAM_H

#include "memory/fds.h"
#include "rt/net.h"
#include "rules/ip.h"

/* connect to a covered address. */
long unsock_stream_connect(int fd, struct unsock_fd *entry, const struct unsock_ip *asked);

/* listen on a redirected descriptor, or on one that nobody bound. */
long unsock_stream_listen(int fd, struct unsock_fd *entry, int backlog);

/* accept on a redirected descriptor; `address` and `length` as in accept4(2). */
long unsock_stream_accept(int fd, struct unsock_fd *entry, struct sockaddr *address, socklen_t *length, int flags);

#endif
