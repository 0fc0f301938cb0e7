/* Streams. */
#ifndef UNSOCK_CALLS_STREAM_H
#define UNSOCK_CALLS_STREAM_H

#include "memory/fds.h"
#include "memory/process.h"

#include <stdbool.h>
#include <stdint.h>

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

/* True for an AF_UNIX stream in the place of a TCP socket, as far as is known without a system call. */
static inline bool unsock_stream_is_known(int fd) {
    const struct unsock_fd *entry = unsock_fds_known(fd);
    return entry && entry->kind == UNSOCK_KIND_LOCAL && entry->type == SOCK_STREAM;
}

/* True for a connected stream of another kind, where a control file leads. */
static inline bool unsock_stream_is_foreign(int fd) {
    const struct unsock_fd *entry = unsock_fds_known(fd);
    return entry && entry->kind == UNSOCK_KIND_FOREIGN && entry->type == SOCK_STREAM && entry->domain != AF_UNIX &&
           unsock_state_is_connected(entry->state);
}

/* True for a stream inherited by exec, perhaps, that was not asked about before: the kernel's names tell it. */
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

/* True for a stream of the library's, where write is not the kernel's. */
bool unsock_write_concerns(int fd);

/*
 * stream_events.c: Corrects the kernel's poll and epoll events of streams that stand for TCP's. POLLHUP of AF_UNIX
 * comes when the peer has closed, where TCP waits for both sides to have shut down. AF_UNIX keeps the urgent byte in
 * the queue of the others, and its place when it has been taken, so that there seems to be something to read where TCP
 * has it beside the stream (POLLPRI alone).
 */

/*
 * Returns the events that TCP would report where the kernel reports `events`, POLLHUP among them: those of poll(2),
 * which are epoll's. Costs some system calls.
 */
uint32_t unsock_hangup_as_tcp(int fd, uint32_t events);

/* True once this process, or one that forked it, has met an urgent byte. Until then only POLLPRI tells of one. */
extern bool unsock_urgent_met;

/* An urgent byte may come, and go before it is asked for: somebody wants the signal that tells of it. */
void unsock_urgent_expect(int fd);

/*
 * The kernel reports the descriptor as readable, by these events of poll. True if TCP would not, because nothing waits
 * but an urgent byte, or its empty place. Costs some system calls, where the peer has not ended.
 */
bool unsock_urgent_alone(int fd, uint32_t events);

/*
 * last_holder.c: Connections whose end TIPC tells wrongly: there a close is ECONNRESET to the peer, after all data, and
 * shutdown of both sides is the end of file that TCP's close is. So a socket is shut down before it is closed, where
 * this process is certain to be the last one that has it: another one would lose its connection. Where that is not
 * certain, nothing is done, nor where TCP resets too: unread data, SO_LINGER 0, a process that is killed.
 */

/* A connected TIPC stream has just been made by this process. */
void unsock_last_holder_note(int fd);

/* The descriptor is about to be closed, or all from `first` to `last`, with the process or before its end. */
void unsock_last_holder_closing(int fd, const struct unsock_fd *entry);
void unsock_last_holder_closing_all(unsigned first, unsigned last);

/* A message is about to be sent: descriptors may go with it, to any process. */
void unsock_last_holder_may_pass(const struct msghdr *message);

static inline bool unsock_last_holder_any(void) {
    return unsock_this_process()->made_any;
}

/* passed_descriptors.c: Descriptors that come with a message (SCM_RIGHTS; unix(7)). */

/* True if the message may have brought any, or had no room for them. */
bool unsock_passed_descriptors_maybe(const struct msghdr *message);

/* They are new to the process: forgets what was known of their numbers. */
void unsock_passed_descriptors_forget(const struct msghdr *message);

/*
 * No TCP or UDP socket ever brings any, so that a program would not close them: a plain Unix peer could fill its table.
 * Closes them, which never waits, and takes them out of what recvmsg on `fd` put into `message`: the control data, for
 * which it has the kernel's msg_controllen, and the flags.
 */
void unsock_passed_descriptors_refuse(int fd, struct msghdr *message);

#endif
