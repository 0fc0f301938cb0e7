/* Streams. */
#ifndef UNSOCK_CALLS_STREAM_H
#define UNSOCK_CALLS_STREAM_H

#include "memory/fds.h"

/* stream.c: TCP calls on redirected descriptors. All return a value or -errno, and leave errno alone. */

/* connect to a covered address. */
long unsock_stream_connect(int fd, struct unsock_fd *entry, const struct unsock_ip *target);

/* listen on a redirected descriptor, or on one that nobody bound. */
long unsock_stream_listen(int fd, struct unsock_fd *entry, int backlog);

/* accept on a redirected descriptor; `address` and `length` as in accept4(2). */
long unsock_stream_accept(int fd, struct unsock_fd *entry, struct sockaddr *address, socklen_t *length, int flags);

/*
 * stream_send.c: Data on connected streams. TCP takes the first write after the peer's end, and it is lost; AF_UNIX
 * refuses it with EPIPE and SIGPIPE. So the kernel never raises the signal here: where TCP would, the library does.
 */

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

/* Or one that was inherited by exec, perhaps, of which nobody has asked: the kernel's names tell it. */
bool unsock_stream_was_inherited(int fd);

/* Any of these: the kernel's write is not the program's. */
static inline bool unsock_stream_concerns(int fd) {
    return unsock_stream_is_known(fd) || unsock_stream_is_foreign(fd) ||
           (!unsock_fds_known(fd) && !unsock_asked_fd(fd) && unsock_stream_was_inherited(fd));
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

/*
 * No more will come on a connection where a control file leads: AF_TIPC would wait for it. False: it is of another
 * family, which tells by itself. One system call.
 */
bool unsock_stream_note_over(int fd);
extern bool unsock_stream_any_over;

/* Nothing can be written: raises the signal unless `flags` have MSG_NOSIGNAL. Returns -EPIPE. */
long unsock_stream_broken(int flags);

/*
 * peek_all.c: A receive with MSG_PEEK and MSG_WAITALL, which gave `had` bytes. Waits for what is missing of the
 * message's room, as TCP does, and looks again. Returns how much there is.
 */
long unsock_stream_peek_all(int fd, const struct msghdr *message, int flags, long had);

/* write.c: write, writev and send (calls/list.h). */

/* Is this a connected stream of the library's, where write is not the kernel's? */
bool unsock_write_concerns(int fd);

#endif
