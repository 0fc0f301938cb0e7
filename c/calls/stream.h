/* Declares the calls on stream sockets: listening, connecting, data, events, ends, and passed descriptors. */
#ifndef UNSOCK_CALLS_STREAM_H
#define UNSOCK_CALLS_STREAM_H

#include "memory/fds.h"
#include "memory/process.h"

#include <stdbool.h>
#include <stdint.h>

/* stream.c, stream_connect.c: TCP's calls on redirected descriptors. All return a value or -errno. */

long unsock_stream_connect(int fd, struct unsock_fd *entry, const struct unsock_ip *target);

/* Listens on a redirected stream, or on a TCP socket of the kernel's, which it redirects if the address is covered. */
long unsock_stream_listen(int fd, struct unsock_fd *entry, int backlog);

long unsock_stream_accept(int fd, struct unsock_fd *entry, struct sockaddr *address, socklen_t *length, int flags);

/* stream_send.c: Writes on connected streams. After the peer's close TCP accepts the first write, and loses its data.
 * AF_UNIX refuses it with EPIPE and SIGPIPE. So the library sets MSG_NOSIGNAL, and raises SIGPIPE where TCP would. */

/* True if the cache has the descriptor as an AF_UNIX stream in the place of a TCP socket. */
static inline bool unsock_stream_is_known(int fd) {
    const struct unsock_fd *entry = unsock_fds_known(fd);
    return entry && entry->kind == UNSOCK_KIND_LOCAL && entry->type == SOCK_STREAM;
}

/* True if the cache has `fd` as a connected stream to a control file's target, in the place of a TCP socket. */
static inline bool unsock_stream_is_foreign(int fd) {
    const struct unsock_fd *entry = unsock_fds_known(fd);
    return entry && entry->kind == UNSOCK_KIND_FOREIGN && entry->type == SOCK_STREAM && entry->domain != AF_UNIX &&
           unsock_state_is_connected(entry->state);
}

/* Asks the kernel about an unknown descriptor: true if it is an AF_UNIX stream in the place of a TCP socket (inherited
 * by exec). Notes the number, so that callers ask only once about each number (unsock_asked_fd). */
bool unsock_stream_was_inherited(int fd);

/* True if the library makes the writes on `fd`, a known, foreign or inherited stream (above), to give TCP's results. */
static inline bool unsock_stream_concerns(int fd) {
    return unsock_stream_is_known(fd) || unsock_stream_is_foreign(fd) ||
           (!unsock_fds_known(fd) && !unsock_asked_fd(fd) && unsock_stream_was_inherited(fd));
}

/* Send data without address or control data, if unsock_stream_concerns is true. Return TCP's result and raise SIGPIPE
 * as TCP. On an unconnected socket, return the kernel's -ENOTCONN, which the caller turns into TCP's error. */
long unsock_stream_sendto(int fd, const void *data, size_t size, int flags);
long unsock_stream_sendmsg(int fd, const struct msghdr *message, int flags);

/* Returns the number of bytes in the message's buffers, as far as the buffer list can be read. */
size_t unsock_stream_size(const struct msghdr *message);

/* Continues a write of `size` bytes, of which `first` is the first, after the kernel refused it with EPIPE. Returns how
 * many bytes TCP would accept, else -errno. Raises SIGPIPE where TCP would, unless `flags` have MSG_NOSIGNAL. */
long unsock_stream_refused(int fd, const void *first, size_t size, int flags);

/* Notes that an AF_TIPC connection has ended. AF_TIPC reports the end only once, and a later read would block. Returns
 * false for other families, which report an end each time. Makes one system call. */
bool unsock_stream_note_over(int fd);
extern bool unsock_stream_any_over;

/* Fails a write to a closed stream: raises SIGPIPE, unless `flags` have MSG_NOSIGNAL. Returns -EPIPE. */
long unsock_stream_broken(int flags);

/* reset.c: Resets of connections. */

/* Called before the connection is ended: makes the peer see the end as a reset. Does nothing if another descriptor or
 * process has the socket. (Before Linux 5.15 AF_UNIX has no urgent byte: the peer reads an end of file.) */
void unsock_reset_send(int fd, const struct unsock_fd *entry);

/* Before a close of a socket whose SO_LINGER the program has set: calls unsock_reset_send if it is on with 0 s. */
void unsock_reset_closing(int fd, const struct unsock_fd *entry);

/* Returns an AF_UNIX stream whose peer has closed, or -errno. With `with_error`, the peer left data unread: the kernel
 * reports ECONNRESET once, and to all kinds of polls the events of a TCP socket that was reset or refused. */
long unsock_reset_open(bool with_error);

/* Replaces a connection by a stream of unsock_reset_open, with the same marks and addresses; `with_error` also marks it
 * as reset. Returns 0 or -errno. */
long unsock_reset_install(int fd, struct unsock_fd *entry, bool with_error);

/* If the peer has reset the connection, replaces the socket by one that reports the reset, and returns true. `events`
 * are from a poll. Makes system calls only if the peer has hung up, and an urgent byte waits or has been read. */
bool unsock_reset_take(int fd, uint32_t events);

/* peek_all.c: Continues a receive with MSG_PEEK and MSG_WAITALL that returned `had` bytes: waits, as TCP does, until
 * all requested bytes or the end have come, and peeks again. Returns how many bytes there are. */
long unsock_stream_peek_all(int fd, const struct msghdr *message, int flags, long had);

/* write.c: write, writev and send (calls/list.h). */

/* True if the library makes the write itself, with sendto or sendmsg. */
bool unsock_write_concerns(int fd);

/* stream_events.c: Turns the kernel's poll and epoll events of streams into TCP's. AF_UNIX reports POLLHUP when the
 * peer has closed; TCP waits until both sides have shut down. AF_UNIX reports POLLIN for an urgent byte, and for the
 * empty place that it leaves in the queue when it is read; TCP reports only POLLPRI. */

/* Returns the events that TCP would report. `events`: the kernel's, of poll(2) or epoll, with POLLHUP or POLLERR. */
uint32_t unsock_hangup_as_tcp(int fd, uint32_t events);

/* True once this process, or a parent that forked it, has seen an urgent byte or expects one. Until then, only events
 * with POLLPRI may be about an urgent byte. */
extern bool unsock_urgent_met;

/* Notes that the stream has or may get an urgent byte. F_SETOWN notes it, too, as SIGURG may come before a poll. */
void unsock_urgent_expect(int fd);

/* True if poll reported POLLIN in `events` only because of an urgent byte, read or unread: over TCP, poll would not
 * report POLLIN. Makes some system calls; none if `events` have POLLHUP. */
bool unsock_urgent_alone(int fd, uint32_t events);

/* only_holder.c: True if certainly neither a child nor the parent has this descriptor's socket under the same number.
 * Does not ask about the parent if this process bound the socket. */
bool unsock_only_holder(int fd);

/* True if this process bound the socket and has no child. */
bool unsock_only_process(int fd);

/* passed_descriptors.c: Descriptors that came with a message (SCM_RIGHTS; unix(7)). */

/* True if the message may have brought descriptors, or lacked room for them. */
bool unsock_passed_descriptors_maybe(const struct msghdr *message);

/* Forgets everything known about the descriptors that recvmsg on `fd` received in `message`. With `refuses`, also
 * closes them, and removes them from the control data: a program with an IP socket does not expect them, and a plain
 * Unix peer could use up its descriptors. Then also clears MSG_CTRUNC, unless it may concern other requested data. */
void unsock_passed_descriptors_take(int fd, struct msghdr *message, bool refuses);

#endif
