/* epoll_wait, epoll_pwait and epoll_pwait2, as the doors call them. They return a value or -errno, and leave errno. */
#ifndef UNSOCK_EPOLL_WAIT_H
#define UNSOCK_EPOLL_WAIT_H

#include "memory/epoll_memory.h"
#include "rt/net.h"

long unsock_call_epoll_wait(int set, struct unsock_epoll_event *events, int most, int timeout);
long unsock_call_epoll_pwait(int set, struct unsock_epoll_event *events, int most, int timeout, const void *signals);
long unsock_call_epoll_pwait2(int set, struct unsock_epoll_event *events, int most, const struct timespec *timeout,
                              const void *signals);

#endif
