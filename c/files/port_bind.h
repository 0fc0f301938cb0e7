/* Binding sockets to a port's names, and what a socket that waits does when it listens. */
#ifndef UNSOCK_PORT_BIND_H
#define UNSOCK_PORT_BIND_H

#include "files/bound.h"
#include "memory/fds.h"

/*
 * Binds to the request's port, which is not 0. Without `clean` only where nobody has it. Returns 0 with `bound` filled,
 * or -errno, where `bound->spent` says that the socket has a name nevertheless, and cannot be bound once more.
 */
long unsock_port_bind(const struct unsock_bind_request *request, struct unsock_bound *bound, bool clean);

/*
 * A socket that waits for another one of this process is going to listen: it gets the port, unless one that excludes it
 * listens. Returns 0 or -errno.
 */
long unsock_port_come_forward(int fd, struct unsock_fd *entry);

#endif
