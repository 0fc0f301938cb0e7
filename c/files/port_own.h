/* By which of a port's names a socket of this process is known, or is to be. */
#ifndef UNSOCK_PORT_OWN_H
#define UNSOCK_PORT_OWN_H

#include "files/bind_request.h"
#include "memory/fds.h"
#include "rt/net.h"
#include "rules/port_name.h"

static inline struct unsock_port_key unsock_port_key_of(const struct unsock_fd *entry) {
    return (struct unsock_port_key){entry->local.port, entry->type};
}

/* Its name. False: it is PORT.sock itself. A datagram client that asks is who has the port: that takes a system call.
 */
bool unsock_port_own(const struct unsock_fd *entry, struct unsock_port_entry *own);

/* The path of that. Returns the length. */
socklen_t unsock_port_own_path(const struct unsock_fd *entry, struct sockaddr_un *path);

/* The name that a bind asks for. */
struct unsock_port_entry unsock_port_wanted(const struct unsock_bind_request *request);

#endif
