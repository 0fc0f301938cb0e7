/* By which file a client reaches the server of an address. */
#ifndef UNSOCK_STREAM_PATH_H
#define UNSOCK_STREAM_PATH_H

#include "rt/net.h"
#include "rules/ip.h"

/* Connects to the path that the caller of the following has given. Returns 0 or -errno. */
typedef long unsock_connect_way(void *attempt);

/*
 * Tries the names that the server of `target` may have, the likeliest first: writes each into *path and *length, and
 * goes the way to it, until one is the right one. Returns what that way said.
 */
long unsock_stream_path_connect(const struct unsock_ip *target, struct sockaddr_un *path, socklen_t *length,
                                unsock_connect_way *way, void *attempt);

#endif
