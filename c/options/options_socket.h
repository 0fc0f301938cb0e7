/* setsockopt and getsockopt of redirected descriptors at SOL_SOCKET. */
#ifndef UNSOCK_OPTIONS_SOCKET_H
#define UNSOCK_OPTIONS_SOCKET_H

#include "memory/fds.h"
#include "rt/net.h"

/* As unsock_options_set and unsock_options_get; `row` is the option's in the table, or -1. Return 0 or -errno. */
long unsock_options_set_socket(int fd, struct unsock_fd *entry, int row, int name, const void *value, socklen_t length);
long unsock_options_get_socket(int fd, struct unsock_fd *entry, int name, void *value, socklen_t *length);

#endif
