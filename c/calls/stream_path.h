/* By which file a client reaches the server of an address. */
#ifndef UNSOCK_STREAM_PATH_H
#define UNSOCK_STREAM_PATH_H

#include "rt/net.h"
#include "rules/ip.h"

/* Connects to the path that the caller of the following has given. Returns 0 or -errno. */
typedef long unsock_connect_way(void *attempt);

/*
 * Goes the way to the server of `target`, in TCP's order: to the address itself, the family's wildcard, the one of both
 * families; where no socket of ours has the port, to PORT.sock, a plain server or a control file. Writes each name into
 * *path and *length before. Returns what the last way said; -ENOENT: nobody has the address.
 */
long unsock_stream_path_connect(const struct unsock_ip *target, struct sockaddr_un *path, socklen_t *length,
                                unsock_connect_way *way, void *attempt);

#endif
