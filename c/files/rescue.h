/* A name whose holder was killed, and which another socket waits for. */
#ifndef UNSOCK_RESCUE_H
#define UNSOCK_RESCUE_H

#include "rt/net.h"

/*
 * Nobody answers at the file at `path`, of a port or an address: a socket that waits behind it gets it. Returns whether
 * it is worth to try again. Where none waits, which is known from the file alone, this is two system calls.
 */
bool unsock_rescue(uint16_t port, const struct sockaddr_un *path, socklen_t length);

#endif
