/* One socket file: who is there, and binding with the mode that was asked for. */
#ifndef UNSOCK_SOCKETFILE_H
#define UNSOCK_SOCKETFILE_H

#include "rt/net.h"

/*
 * Is nobody bound to the socket file? Not visible to anybody, of whatever type the socket is. False when that cannot be
 * known for certain. Called with the directory locked.
 */
bool unsock_socketfile_is_stale(const struct sockaddr_un *path, socklen_t length);

/* Is the datagram socket behind the file connected to somebody? */
bool unsock_socketfile_is_connected(const struct sockaddr_un *path, socklen_t length);

/* bind(2) with UNSOCK_MODE, or where that is not set, with `mode` (-1: as the umask says). Returns 0 or -errno. */
long unsock_socketfile_bind(int socket, const struct sockaddr_un *path, socklen_t length, int mode);

#endif
