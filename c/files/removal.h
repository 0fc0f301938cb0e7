/* Removing one socket file. */
#ifndef UNSOCK_REMOVAL_H
#define UNSOCK_REMOVAL_H

#include "memory/fds.h"

/*
 * The descriptor that `old` described has been closed: removes its file unless somebody else still has that socket
 * open, or gives the port's file to a socket that waits behind it. Returns whether there is nothing more to do.
 */
bool unsock_removal_try(const struct unsock_fd *old);

/* The same, asking by a socket that was made for that (unsock_socketfile_probe), for who has several to ask about. */
bool unsock_removal_try_by(long probe, const struct unsock_fd *old);

/* Takes the file away from a socket that stays open but will never accept again. */
void unsock_removal_force(const struct unsock_fd *entry);

#endif
