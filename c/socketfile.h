/* One socket file: the directory's lock, who is there, and binding with the mode that was asked for. */
#ifndef UNSOCK_SOCKETFILE_H
#define UNSOCK_SOCKETFILE_H

#include "net.h"

/*
 * Locks the directory against others that clean up. Returns a descriptor to unlock, or -errno; whoever cannot have the
 * lock (somebody holds it for 0.2 s, the directory cannot be opened) goes on without.
 */
long unsock_socketfile_lock(void);
void unsock_socketfile_unlock(long lock);

/* The inode number of the socket file at `path`; 0 when something else is there; -errno. Links are not followed. */
int64_t unsock_socketfile_inode(const char *path);

/*
 * Is nobody bound to the socket file of this type (SOCK_STREAM, SOCK_DGRAM)? Not visible to anybody. False when that
 * cannot be found out; where only the lock's descriptor is in the way, gives *lock up for it (NULL: there is none).
 */
bool unsock_socketfile_is_stale(const struct sockaddr_un *path, socklen_t length, int type, long *lock);

/* Was the socket file made just now (0.1 s), so that the one who made it may not have finished its bind? */
bool unsock_socketfile_is_new(const char *path);

/* Waits until a stale file is not new any more, or not stale. */
void unsock_socketfile_settle(const struct sockaddr_un *path, socklen_t length, int type);

/* Is the datagram socket behind the file connected to somebody? */
bool unsock_socketfile_is_connected(const struct sockaddr_un *path, socklen_t length);

/* bind(2) with UNSOCK_MODE, or where that is not set, with `mode` (-1: as the umask says). Returns 0 or -errno. */
long unsock_socketfile_bind(int socket, const struct sockaddr_un *path, socklen_t length, int mode);

#endif
