/* connect on a stream that has one behind it. */
#ifndef UNSOCK_CONNECT_AGAIN_H
#define UNSOCK_CONNECT_AGAIN_H

#include "memory/fds.h"

/* Is it there, and connect has not said so yet? Now it says it. */
bool unsock_connect_tells(struct unsock_fd *entry);

/*
 * The entry is one that is connected, as far as is known. Returns 1 when it is, and connect has not said so yet; 0 when
 * it has failed, to be tried again; -EISCONN, -EALREADY, or what it fails with.
 */
long unsock_connect_again(int fd, struct unsock_fd *entry);

#endif
