/* A message that a program sends: copied as the kernel copies it, and whether it is the library's business. */
#ifndef UNSOCK_OUTGOING_H
#define UNSOCK_OUTGOING_H

#include "memory/fds.h"
#include "rt/net.h"
#include "rt/user.h"

#define UNSOCK_OUTGOING_PARTS_MOST 1024u /* UIO_MAXIOV */

/* A message on its way: a copy of the program's, with its address. What else the message points to is the program's
 * memory. */
struct unsock_outgoing {
    struct msghdr message; /* its name is NULL, or the one below */
    union unsock_sockaddr name;
};

/* Copies an address, or a message, as the kernel does before it looks at the socket. False where it fails for that. */
bool unsock_outgoing_take_name(struct unsock_outgoing *outgoing, const void *name, socklen_t length);
bool unsock_outgoing_take(struct unsock_outgoing *outgoing, const struct msghdr *message);

/* Is the call none of the library's business, as long as no address comes with it? */
bool unsock_outgoing_is_plain(const struct unsock_fd *entry, int flags);

/* Is the message the library's business? Also -errno, where that cannot be known. */
long unsock_outgoing_concerns(int fd, const struct msghdr *message, int flags);

/* The same of several, of which each is asked for by itself then. */
bool unsock_outgoing_any_concerns(int fd, const struct unsock_mmsghdr *messages, unsigned count, int flags);

/* Can what will be looked at beside the address? No more than the kernel takes; of a stream's data, nothing. */
bool unsock_outgoing_can_be_read(const struct msghdr *message, bool stream);

#endif
