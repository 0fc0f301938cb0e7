/* Binding socket files: free names, stale ones, ports that this process has already, and control files. */
#ifndef UNSOCK_BINDFILE_H
#define UNSOCK_BINDFILE_H

#include "files/bound.h"
#include "rt/net.h"

/* Binds. Returns 0 with `bound` filled, or -errno: -EADDRINUSE when somebody has the port, else as bind(2). */
long unsock_bindfile_bind(const struct unsock_bind_request *request, struct unsock_bound *bound);

/* The same to any free port of the ephemeral range, whether the settings cover it or not: a datagram client's own. */
long unsock_bindfile_bind_ephemeral(const struct unsock_bind_request *request, struct unsock_bound *bound);

#endif
