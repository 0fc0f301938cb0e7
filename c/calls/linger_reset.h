/*
 * Connections that this side resets: by SO_LINGER 0 and close, or by connect(AF_UNSPEC). AF_UNIX resets a peer whose
 * data are left unread, and nobody can leave any for a socket but its peer: so it is had where that is a socket of this
 * process, too.
 */
#ifndef UNSOCK_LINGER_RESET_H
#define UNSOCK_LINGER_RESET_H

#include "memory/fds.h"

/* The descriptor is about to be closed: its peer is reset by that if SO_LINGER says so. No call where it was never set.
 */
void unsock_linger_reset_closing(int fd, const struct unsock_fd *entry);

/* Has this process another descriptor of the same socket? */
bool unsock_linger_reset_has_duplicate(int fd, const struct unsock_fd *entry);

/* The stream's connection is about to end, if it has one: its peer is reset by that. */
void unsock_linger_reset_peer(int fd, const struct unsock_fd *entry);

#endif
