/* Datagram sockets of one process on one port, of which one listens and the others are each for one client. */
#ifndef UNSOCK_DATAGRAM_PER_CLIENT_H
#define UNSOCK_DATAGRAM_PER_CLIENT_H

#include "memory/fds.h"
#include "rt/net.h"

/*
 * Connecting `fd` to the client at `path` was refused (EPERM): the client is connected to the listening socket of this
 * process on the same port, and its datagrams will go on coming there. The two exchange their kernel sockets: `fd` gets
 * the listener's, with the client, and the listener gets the one that `fd` had, for all others.
 *
 * Returns 0: connected. -EPERM: there is no such listener. -EADDRNOTAVAIL: the listener has other connected clients
 * too, which would be cut off. A server that is told so goes on serving this client by the listener.
 */
long unsock_datagram_per_client(int fd, struct unsock_fd *entry, const struct sockaddr_un *path);

#endif
