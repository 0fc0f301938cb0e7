/*
 * Data on connected streams. TCP takes the first write after the peer's end, and it is lost; AF_UNIX refuses it with
 * EPIPE and SIGPIPE. So the kernel never raises the signal here: where TCP would, the library does.
 */
#ifndef UNSOCK_STREAM_SEND_H
#define UNSOCK_STREAM_SEND_H

#include "memory/fds.h"
#include "rt/net.h"

/* Is this an AF_UNIX stream in the place of a TCP socket, as far as is known without a system call? */
static inline bool unsock_stream_is_known(int fd) {
    const struct unsock_fd *entry = unsock_fds_known(fd);
    return entry && entry->kind == UNSOCK_KIND_LOCAL && entry->type == SOCK_STREAM;
}

/* Or a connected one of another kind, where a control file leads? */
static inline bool unsock_stream_is_foreign(int fd) {
    const struct unsock_fd *entry = unsock_fds_known(fd);
    return entry && entry->kind == UNSOCK_KIND_FOREIGN && entry->type == SOCK_STREAM && entry->domain != AF_UNIX &&
           unsock_state_is_connected(entry->state);
}

/*
 * sendto without an address, and sendmsg of data alone, on such a descriptor. They return what TCP would, having raised
 * what it would; -ENOTCONN: what the kernel says of a socket that is not connected, which TCP never says of a write.
 */
long unsock_stream_sendto(int fd, const void *data, size_t size, int flags);
long unsock_stream_sendmsg(int fd, const struct msghdr *message, int flags);

/* How much the message's parts have together, as far as they can be read. */
size_t unsock_stream_size(const struct msghdr *message);

/*
 * AF_UNIX has refused, with EPIPE and without a signal, to write `size` bytes. Returns how many of them TCP takes, else
 * -errno; raises the signal where `flags` lack MSG_NOSIGNAL.
 */
long unsock_stream_refused(int fd, size_t size, int flags);

/* Nothing can be written: raises the signal unless `flags` have MSG_NOSIGNAL. Returns -EPIPE. */
long unsock_stream_broken(int flags);

#endif
