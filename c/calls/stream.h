/* Declares the calls on stream sockets: listening, connecting, data, events, ends, and passed descriptors. */
#ifndef UNSOCK_CALLS_STREAM_H
#define UNSOCK_CALLS_STREAM_H

#include "memory/fds.h"
#include "memory/process.h"

#include <stdbool.h>
#include <stdint.h>

/* stream.c, stream_connect.c: TCP's calls on redirected descriptors. All return a value or -errno, and leave errno
 * alone. */

/* Connects to a covered address. */
long unsock_stream_connect(int fd, struct unsock_fd *entry, const struct unsock_ip *target);

/* Listens on a redirected descriptor, or on a TCP socket that no intercepted call has bound. */
long unsock_stream_listen(int fd, struct unsock_fd *entry, int backlog);

/* Accepts on a redirected descriptor; `address` and `length` as in accept4(2). */
long unsock_stream_accept(int fd, struct unsock_fd *entry, struct sockaddr *address, socklen_t *length, int flags);

/* stream_send.c: Data on connected streams. After the peer's close TCP accepts the first write, and loses it. AF_UNIX
 * refuses it with EPIPE and SIGPIPE. So the kernel never raises the signal here; the library does, whenever TCP
 * would. */

/* True for an AF_UNIX stream in the place of a TCP socket, by the cache alone. */
static inline bool unsock_stream_is_known(int fd) {
    const struct unsock_fd *entry = unsock_fds_known(fd);
    return entry && entry->kind == UNSOCK_KIND_LOCAL && entry->type == SOCK_STREAM;
}

/* True for a connected socket to a control file's target in the place of a TCP socket, by the cache alone. */
static inline bool unsock_stream_is_foreign(int fd) {
    const struct unsock_fd *entry = unsock_fds_known(fd);
    return entry && entry->kind == UNSOCK_KIND_FOREIGN && entry->type == SOCK_STREAM && entry->domain != AF_UNIX &&
           unsock_state_is_connected(entry->state);
}

/* True if an unknown descriptor is an AF_UNIX stream in the place of a TCP socket, inherited by exec, say. Reads the
 * kernel's names, once for each number. */
bool unsock_stream_was_inherited(int fd);

/* True if the library makes the writes on this descriptor: it is a known, foreign or inherited stream (above), for
 * which the kernel's result is not always TCP's. */
static inline bool unsock_stream_concerns(int fd) {
    return unsock_stream_is_known(fd) || unsock_stream_is_foreign(fd) ||
           (!unsock_fds_known(fd) && !unsock_asked_fd(fd) && unsock_stream_was_inherited(fd));
}

/* Send data on a descriptor for which unsock_stream_concerns is true, as sendto without an address and sendmsg with
 * data alone. They return TCP's result, and raise SIGPIPE as TCP does. Only -ENOTCONN is the kernel's: the socket is
 * not connected, for which TCP's write has another errno. */
long unsock_stream_sendto(int fd, const void *data, size_t size, int flags);
long unsock_stream_sendmsg(int fd, const struct msghdr *message, int flags);

/* Returns the bytes in the message's buffers, as far as the buffer list can be read. */
size_t unsock_stream_size(const struct msghdr *message);

/* Continues a write of `size` bytes, from `first` on, that AF_UNIX has refused with EPIPE. Returns how many bytes TCP
 * would accept, else -errno. Raises the signal where TCP would, unless `flags` have MSG_NOSIGNAL. */
long unsock_stream_refused(int fd, const void *first, size_t size, int flags);

/* Notes that an AF_TIPC connection has ended. AF_TIPC reports that only once, and a later read would block. False for
 * other families, which report it each time. One system call. */
bool unsock_stream_note_over(int fd);
extern bool unsock_stream_any_over;

/* Fails a write to a stream that cannot be written to: raises SIGPIPE without MSG_NOSIGNAL in `flags`. Returns
 * -EPIPE. */
long unsock_stream_broken(int flags);

/* reset.c: Resets of connections. */

/* Marks the connection's end, which comes next, as a reset for the peer. Does nothing if another descriptor or process
 * has the socket. (Before Linux 5.15 AF_UNIX has no urgent byte: the peer reads an end of file.) */
void unsock_reset_send(int fd, const struct unsock_fd *entry);

/* The same before a close, if SO_LINGER is 0. Called only for a socket whose SO_LINGER was set. */
void unsock_reset_closing(int fd, const struct unsock_fd *entry);

/* Returns an AF_UNIX stream whose peer has closed; `with_error`: with unread data. The kernel then reports the same
 * events as for a TCP socket that was reset or refused, to poll, select, epoll and io_uring; and ECONNRESET, once. */
long unsock_reset_open(bool with_error);

/* Puts such a stream in the place of a connection, whose marks and addresses stay. Returns 0 or -errno. */
long unsock_reset_install(int fd, struct unsock_fd *entry, bool with_error);

/* True if the peer has reset the connection, to judge by `events`, the kernel's answer to a poll. Installs a socket
 * that reports the reset. Costs nothing unless the events have a hang-up and an urgent byte. */
bool unsock_reset_take(int fd, uint32_t events);

/* peek_all.c: Continues a receive with MSG_PEEK and MSG_WAITALL that returned `had` bytes: waits, as TCP does, until
 * the message is full, and peeks again. Returns how many bytes there are. */
long unsock_stream_peek_all(int fd, const struct msghdr *message, int flags, long had);

/* write.c: write, writev and send (calls/list.h). */

/* True if the library makes the write itself, with sendto or sendmsg. */
bool unsock_write_concerns(int fd);

/* stream_events.c: Turns the kernel's poll and epoll events of streams into TCP's. AF_UNIX reports POLLHUP when the
 * peer has closed; TCP waits until both sides have shut down. AF_UNIX keeps an urgent byte in the queue with the other
 * bytes, and an empty place for it after it was read, and reports POLLIN for both. TCP keeps that byte beside the
 * stream, and reports POLLPRI alone. */

/* Returns the events that TCP would report. `events` are the kernel's, with POLLHUP or POLLERR; poll(2) and epoll use
 * the same bits. Costs some system calls. */
uint32_t unsock_hangup_as_tcp(int fd, uint32_t events);

/* True once this process, or a parent that forked it, has seen an urgent byte or expects one. Before that, POLLPRI
 * alone shows one. */
extern bool unsock_urgent_met;

/* Expects an urgent byte on this stream that no poll shows: the program gets SIGURG for it, and may read it before it
 * polls. */
void unsock_urgent_expect(int fd);

/* True if poll reported `events` with POLLIN for an urgent byte alone, or for the place of one that was read: over TCP
 * there is nothing to read. Makes some system calls; none if the peer has closed (POLLHUP), which TCP reports, too. */
bool unsock_urgent_alone(int fd, uint32_t events);

/* only_holder.c: True if neither a child nor the parent can have this descriptor's socket. The parent cannot have a
 * socket that this process bound. */
bool unsock_only_holder(int fd);

/* passed_descriptors.c: Descriptors that came with a message (SCM_RIGHTS; unix(7)). */

/* True if the message may have brought descriptors, or lacked room for them. */
bool unsock_passed_descriptors_maybe(const struct msghdr *message);

/* Forgets everything known about the numbers of the received descriptors, which are new to the process. `refuses`:
 * closes them, too, without waiting, and removes them from `message`, which recvmsg on `fd` filled: from the control
 * data (msg_controllen is the kernel's) and from the flags. No TCP or UDP socket brings descriptors, so programs do not
 * close any: a plain Unix peer could use up their numbers. */
void unsock_passed_descriptors_take(int fd, struct msghdr *message, bool refuses);

#endif
