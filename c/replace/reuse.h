/* Descriptor numbers that are another socket's by now. */
#ifndef UNSOCK_REUSE_H
#define UNSOCK_REUSE_H

#include "rt/net.h"

#include <stdbool.h>

/* A descriptor came back from the kernel as new: forgets what was known of the number, and tidies up after it. */
void unsock_reuse_new(int fd);

/*
 * Is what is known of the descriptor still true? Its number may be that of another socket by now, which was made inside
 * libc (rresvport), by a raw system call or through io_uring: forgets what would make a call on that one fail. Returns
 * 0; or -errno where that cannot be known (unsock_socket_unanswered), and nothing may be done by what is known.
 */
long unsock_reuse_check(int fd);

/*
 * The same of a descriptor in every state, and with more questions: before something is done by what is known alone.
 * Returns whether it was another one's (1): then nothing is known of it any more; or -errno, as above.
 */
long unsock_reuse_look(int fd);

/* The same with the name at hand that getsockname has given. */
void unsock_reuse_named(int fd, const union unsock_sockaddr *name, size_t length);

/* The same after a call that came to `result`: only where that is an error which the real socket would not have said.
 */
bool unsock_reuse_failed(int fd, long result);

#endif
