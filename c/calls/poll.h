/* poll and ppoll, as the doors call them. They return a value or -errno and leave errno alone. */
#ifndef UNSOCK_CALLS_POLL_H
#define UNSOCK_CALLS_POLL_H

#include "rt/net.h"

struct pollfd;

long unsock_call_poll(struct pollfd *fds, unsigned long count, int timeout);
long unsock_call_ppoll(struct pollfd *fds, unsigned long count, const struct timespec *timeout, const void *signals);

#endif
