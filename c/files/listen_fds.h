/*
 * Sockets that a service manager has opened for this program and handed over (sd_listen_fds(3)): a program that knows
 * nothing of it binds the port itself, and gets that socket.
 */
#ifndef UNSOCK_LISTEN_FDS_H
#define UNSOCK_LISTEN_FDS_H

#include "files/bind.h"
#include "rules/environment.h"

/* How many descriptors were handed over, from 3 on; 0 in nearly every process. */
extern int unsock_listen_fds_count;

/* Once, at start: LISTEN_FDS counts if LISTEN_PID is this process, as for a program that knows of it. */
void unsock_listen_fds_start(const struct unsock_environment *environment);

/*
 * Is this a socket of `type` that has the AF_UNIX address `name` of `length` bytes, and one that a service manager
 * hands over: a listener, or of datagrams?
 */
bool unsock_listen_fds_is(int fd, int type, const struct sockaddr_un *name, socklen_t length);

/*
 * A live socket has the address `name`, to which the request leads. Returns the descriptor under which that very socket
 * was handed over; -EADDRINUSE when this process has bound another to an address that excludes the request's (all do
 * where it has none), and -ENOENT when there is no such descriptor.
 */
long unsock_listen_fds_find(const struct unsock_bind_request *request, const struct sockaddr_un *name,
                            socklen_t length);

/* The same for the file of the request's port. Returns 0 with `bound` filled, or -errno as above. */
long unsock_listen_fds_bind_port(const struct unsock_bind_request *request, struct unsock_bound *bound);

/* The same for the name of another one of the port. */
long unsock_listen_fds_bind_entry(const struct unsock_bind_request *request, const struct unsock_port_entry *entry,
                                  struct unsock_bound *bound);

/* Is this another descriptor of a socket that was handed over? For where what was known of it has been lost. */
bool unsock_listen_fds_is_behind(int fd);

/* Has another descriptor of this process the same socket, that it bound or found by itself? */
bool unsock_listen_fds_is_shared(int fd, int type);

/* Does a descriptor of this process have the socket of `fd`, of `type`, bound to an address already? */
bool unsock_listen_fds_is_used(int fd, int type);

#endif
