/* A blocking connect to a server whose backlog is full: it waits as long as TCP would. */
#ifndef UNSOCK_CONNECT_WAIT_H
#define UNSOCK_CONNECT_WAIT_H

#include "memory/fds.h"
#include "rt/net.h"

/*
 * Connects a blocking AF_UNIX stream, of whose descriptor `entry` is known, to the sockaddr_un at `path`. Returns 0 or
 * what connect(2) says; -ETIMEDOUT after the time that TCP gives (TCP_SYNCNT, TCP_USER_TIMEOUT, the system's settings),
 * -EINPROGRESS after the program's SO_SNDTIMEO, and -EINTR where TCP's would not be started again by the kernel.
 */
long unsock_connect_wait(int fd, const struct unsock_fd *entry, const void *path, socklen_t length);

/*
 * For how many milliseconds a blocking connect of the descriptor may go on, and, into `end`, what it says then:
 * -ETIMEDOUT or -EINPROGRESS, as above.
 */
int64_t unsock_connect_limit(int fd, const struct unsock_fd *entry, long *end);

/* Has a signal that has just interrupted this thread ended its connect, as far as can be told by the handlers? */
bool unsock_connect_is_ended(void);

/*
 * The same of one that was born local: where the program has set no limit of its own, and this process has connected a
 * few seconds before, there is none.
 */
long unsock_connect_born_local(int fd, const struct unsock_fd *entry, const void *path, socklen_t length);

#endif
