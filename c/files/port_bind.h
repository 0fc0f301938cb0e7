/* Binding sockets to a port's names, and what a socket that waits does when it listens. */
#ifndef UNSOCK_PORT_BIND_H
#define UNSOCK_PORT_BIND_H

#include "files/bind_request.h"
#include "memory/fds.h"

/* How much a port is worth: the program's own choice is tried before it is looked at. */
enum unsock_port_wish { UNSOCK_PORT_THIS, UNSOCK_PORT_ANY, UNSOCK_PORT_IF_FREE };

/*
 * Binds to the request's port, which is not 0. Returns 0 with `bound` filled, or -errno; `bound->spent` says that the
 * socket has a name that is no file's, and cannot be bound once more.
 */
long unsock_port_bind(const struct unsock_bind_request *request, struct unsock_bound *bound,
                      enum unsock_port_wish wish);

/*
 * A socket that waits for another one of this process is going to listen: it gets the port, unless one that excludes it
 * listens. Returns 0 or -errno.
 */
long unsock_port_come_forward(int fd, struct unsock_fd *entry);

#endif
