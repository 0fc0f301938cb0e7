/*
 * Connections whose end TIPC tells wrongly: there a close is ECONNRESET to the peer, after all data, and shutdown of
 * both sides is the end of file that TCP's close is. So a socket is shut down before it is closed, where this process
 * is certain to be the last one that has it: another one would lose its connection. What is not certain stays as it is,
 * and so does what TCP resets: unread data, SO_LINGER 0, a process that is killed.
 */
#ifndef UNSOCK_LAST_HOLDER_H
#define UNSOCK_LAST_HOLDER_H

#include "memory/fds.h"
#include "memory/this_process.h"
#include "rt/net.h"

/* A connected TIPC stream has just been made by this process. */
void unsock_last_holder_note(int fd);

/* `to` has become a duplicate of `from`. */
void unsock_last_holder_copy(int from, int to);

/* The descriptor is about to be closed, or all from `first` to `last`. */
void unsock_last_holder_closing(int fd, const struct unsock_fd *entry);
void unsock_last_holder_closing_all(unsigned first, unsigned last);

/* The process ends. */
void unsock_last_holder_exit(void);

/* A message is about to be sent: descriptors may go with it, to any process. */
void unsock_last_holder_may_pass(const struct msghdr *message);

static inline bool unsock_last_holder_any(void) {
    return unsock_this_process()->made_any;
}

#endif
