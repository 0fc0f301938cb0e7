/* Binding socket files: ports of the program's choice, and any free one. */
#ifndef UNSOCK_BINDFILE_H
#define UNSOCK_BINDFILE_H

#include "files/bind_request.h"
#include "rt/net.h"

/* Binds. Returns 0 with `bound` filled, or -errno: -EADDRINUSE when somebody has the port, else as bind(2). */
long unsock_bindfile_bind(const struct unsock_bind_request *request, struct unsock_bound *bound);

/*
 * The same for a datagram client, which the program did not bind: to the request's port, or where that is 0 or taken,
 * to any free port of the ephemeral range, whether the settings cover it or not.
 */
long unsock_bindfile_bind_client(const struct unsock_bind_request *request, struct unsock_bound *bound);

#endif
