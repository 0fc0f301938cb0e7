/*
 * A non-blocking connect that has failed. TCP says EINPROGRESS first, and tells the failure once to whoever asks
 * (SO_ERROR, the next connect or write), with the events of a socket that is over.
 */
#ifndef UNSOCK_REFUSAL_H
#define UNSOCK_REFUSAL_H

#include "memory/fds.h"

/*
 * Puts a socket that has failed with `failure` (negative) in the place of a stream's that connected to an address of
 * `family`. Returns -EINPROGRESS, or `failure` where that cannot be had: then the descriptor is as it was.
 */
long unsock_refusal_tell_later(int fd, struct unsock_fd *entry, int family, long failure);

/* connect on such a socket: tells the failure if nobody has been told, and makes it as new. Returns -errno. */
long unsock_refusal_tell(int fd, struct unsock_fd *entry);

/* bind, which such a socket may do if its port was none of the program's choice. Returns 0 or -errno. */
long unsock_refusal_before_bind(int fd, struct unsock_fd *entry);

#endif
