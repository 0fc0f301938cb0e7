/* getsockopt and setsockopt, as the doors call them. Return 0 or -errno. */
#ifndef UNSOCK_SOCKET_OPTIONS_H
#define UNSOCK_SOCKET_OPTIONS_H

#include "rt/net.h"

long unsock_call_setsockopt(int fd, int level, int name, const void *value, socklen_t length);
long unsock_call_getsockopt(int fd, int level, int name, void *value, socklen_t *length);

#endif
