/* epoll_create, epoll_create1 and epoll_ctl, as the doors call them. All return a value or -errno. */
#ifndef UNSOCK_CALLS_EPOLL_H
#define UNSOCK_CALLS_EPOLL_H

#include "memory/epoll_memory.h"

long unsock_call_epoll_create(int size);
long unsock_call_epoll_create1(int flags);

/*
 * Any socket may be replaced yet: a connected one when it is disconnected, a program's own AF_UNIX socket by a control
 * file, and one of which nothing is known.
 */
long unsock_call_epoll_ctl(int set, int operation, int fd, struct unsock_epoll_event *event);

#endif
