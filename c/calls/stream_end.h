/* The ends of streams. */
#ifndef UNSOCK_CALLS_STREAM_END_H
#define UNSOCK_CALLS_STREAM_END_H

#include "memory/fds.h"
#include "memory/process.h"

/*
 * last_holder.c: Connections whose end TIPC tells wrongly: there a close is ECONNRESET to the peer, after all data, and
 * shutdown of both sides is the end of file that TCP's close is. So a socket is shut down before it is closed, where
 * this process is certain to be the last one that has it: another one would lose its connection. What is not certain
 * stays as it is, and so does what TCP resets: unread data, SO_LINGER 0, a process that is killed.
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

/* Might the message have brought any, or have had no room for them? */
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
