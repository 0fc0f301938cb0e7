/* sendto, sendmsg and sendmmsg, as the doors call them. All return a value or -errno and leave errno alone. */
#ifndef UNSOCK_SEND_H
#define UNSOCK_SEND_H

#include "rt/net.h"

ssize_t unsock_call_sendto(int fd, const void *data, size_t size, int flags, const void *address, socklen_t length);
ssize_t unsock_call_sendmsg(int fd, const struct msghdr *message, int flags);
long unsock_call_sendmmsg(int fd, struct unsock_mmsghdr *messages, unsigned count, int flags);

#endif
