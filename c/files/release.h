/* What becomes of socket files when descriptors close: at once, later, or at the end of the process. */
#ifndef UNSOCK_RELEASE_H
#define UNSOCK_RELEASE_H

#include "memory/fds.h"
#include "rt/net.h"

/*
 * The descriptor that `old` described has been closed: removes its file unless somebody else still has that socket
 * open, or gives the port's file to a socket of this process that waits behind it.
 */
void unsock_release(const struct unsock_fd *old);

/*
 * The same at the end of the process, of the socket with this inode number (0: unknown): a thread of this process that is
 * still waiting on it does not keep its file.
 */
void unsock_release_last(const struct unsock_fd *old, uint64_t socket);

/* Has this process closed the socket of this file, which had SO_REUSEADDR, so that only others have it? */
bool unsock_release_was(const struct sockaddr_un *path);

/* At exit: who had such a socket open then may be done with it. */
void unsock_release_late(void);

#endif
