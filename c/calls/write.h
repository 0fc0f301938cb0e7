/* write, writev and send, as the doors call them. All return a value or -errno and leave errno alone. */
#ifndef UNSOCK_WRITE_H
#define UNSOCK_WRITE_H

#include "rt/net.h"

/* Is this a connected stream of the library's, where write is not the kernel's? */
bool unsock_write_concerns(int fd);

ssize_t unsock_call_write(int fd, const void *data, size_t size);
ssize_t unsock_call_writev(int fd, const struct iovec *parts, int count);
ssize_t unsock_call_send(int fd, const void *data, size_t size, int flags);

#endif
