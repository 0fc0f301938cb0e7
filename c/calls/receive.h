/* recv, recvfrom, recvmsg and recvmmsg, as the doors call them. All return a value or -errno and leave errno alone. */
#ifndef UNSOCK_RECEIVE_H
#define UNSOCK_RECEIVE_H

#include "rt/net.h"

ssize_t unsock_call_recv(int fd, void *data, size_t size, int flags);
ssize_t unsock_call_recvfrom(int fd, void *data, size_t size, int flags, void *address, socklen_t *length);
ssize_t unsock_call_recvmsg(int fd, struct msghdr *message, int flags);
long unsock_call_recvmmsg(int fd, struct unsock_mmsghdr *messages, unsigned count, int flags, void *timeout);

#endif
