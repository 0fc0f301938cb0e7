/* Which file a client of an address is led to, for plain Unix programs that want to go there too. */
#ifndef UNSOCK_CLIENT_PATH_H
#define UNSOCK_CLIENT_PATH_H

#include "rt/net.h"
#include "rules/ip.h"

/*
 * Writes its path, in the directory in force: of the first one that a client tries (unsock_port_candidate) which lives
 * and takes anybody; PORT.sock where nobody is there for the address. `type`: SOCK_STREAM or SOCK_DGRAM. Returns 0 or
 * -ENOBUFS.
 */
long unsock_client_path(const struct unsock_ip *ip, int type, struct sockaddr_un *path);

#endif
