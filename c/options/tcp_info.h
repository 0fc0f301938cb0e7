/* TCP_INFO of a redirected socket. */
#ifndef UNSOCK_TCP_INFO_H
#define UNSOCK_TCP_INFO_H

#include "memory/fds.h"
#include "rt/net.h"

/* Fills in what a connected or listening TCP socket says in struct tcp_info and a new one does not. */
void unsock_tcp_info_complete(int fd, const struct unsock_fd *entry, void *info, socklen_t length);

#endif
