/* The abstract name that a connecting stream socket binds, from which the server reads the client's address. */
#ifndef UNSOCK_CLIENT_NAME_H
#define UNSOCK_CLIENT_NAME_H

#include "rules/ip.h"

/*
 * Binds `socket` for a connection from `source` to `target`, whose socket file is at `path`. A source with port 0 gets
 * a port that no other connection to the target has. Returns 0 or -errno: -EADDRNOTAVAIL when there is none, or the
 * chosen one is taken.
 */
long unsock_client_name_bind(int socket, struct unsock_ip *source, const struct unsock_ip *target, const char *path);

#endif
