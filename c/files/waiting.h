/*
 * Datagram sockets under hidden names, which wait behind a port's file (or that of an address's own), in whatever
 * process. With the directory locked.
 */
#ifndef UNSOCK_WAITING_H
#define UNSOCK_WAITING_H

#include "rt/net.h"

/*
 * The file at `path` has no socket: of those that wait the latest gets it that is on the same address, else, unless
 * `same_address`, the latest of all. Returns whether there was one.
 */
bool unsock_waiting_promote(uint16_t port, const struct sockaddr_un *path, bool same_address);

/* Removes hidden files that have no socket. Returns whether there were any. */
bool unsock_waiting_sweep(uint16_t port);

#endif
