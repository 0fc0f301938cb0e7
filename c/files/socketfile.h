/* One socket file: who is there, and binding with the mode that was asked for. */
#ifndef UNSOCK_SOCKETFILE_H
#define UNSOCK_SOCKETFILE_H

#include "files/lock.h"
#include "rt/net.h"

/*
 * Is nobody bound to the socket file of this type (SOCK_STREAM, SOCK_DGRAM)? Not visible to anybody. False when that
 * cannot be found out; where only the lock's descriptor is in the way, gives that up for it (NULL: there is none).
 */
bool unsock_socketfile_is_stale(const struct sockaddr_un *path, socklen_t length, int type, struct unsock_lock *lock);

/* Was the socket file made just now (0.05 s), so that the one who made it may not have finished its bind? */
bool unsock_socketfile_is_new(const char *path);

/* Waits until a stale file is not new any more, or not stale. */
void unsock_socketfile_settle(const struct sockaddr_un *path, socklen_t length, int type);

/* Is the datagram socket behind the file connected to somebody? */
bool unsock_socketfile_is_connected(const struct sockaddr_un *path, socklen_t length);

/* bind(2) with UNSOCK_MODE, or where that is not set, with `mode` (-1: as the umask says). Returns 0 or -errno. */
long unsock_socketfile_bind(int socket, const struct sockaddr_un *path, socklen_t length, int mode);

#endif
