/* Binding a datagram client, which the program did not bind to any port. */
#ifndef UNSOCK_PORT_CLIENT_H
#define UNSOCK_PORT_CLIENT_H

#include "files/bind_request.h"

/*
 * Binds to the request's port where nobody has it: its file is PORT.dgram.sock itself, unless the name is to tell whom
 * it asks. Returns 0 with `bound` filled, or -errno; -EADDRINUSE: somebody has the port, or something is left over.
 */
long unsock_port_client_bind(const struct unsock_bind_request *request, struct unsock_bound *bound);

#endif
