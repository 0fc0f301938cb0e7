/* Datagram sockets of one process on one port, of which one listens and the others are each for one client. */
#ifndef UNSOCK_SIBLING_H
#define UNSOCK_SIBLING_H

#include "memory/fds.h"
#include "rt/net.h"

/*
 * Connecting `fd` to the socket at `path` was refused (EPERM), because that one is connected to somebody else: to the
 * listening socket of this process on the same port, to which its datagrams will go on coming. `fd` then takes that
 * one's place in the kernel, with the client, and the listener gets the one that `fd` had, for all others.
 *
 * Returns 0: connected. -EPERM: there is no such listener. -EADDRNOTAVAIL: the listener has other connected clients
 * too, who would be cut off; a server that is told so goes on serving this client by the listener.
 */
long unsock_datagram_per_client(int fd, struct unsock_fd *entry, const struct sockaddr_un *path);

#endif
