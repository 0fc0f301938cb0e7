/*
 * Asking the kernel what a real TCP or UDP socket would say: what is valid, what the default is, how a value is read
 * back.
 */
#ifndef UNSOCK_OPTION_ORACLE_H
#define UNSOCK_OPTION_ORACLE_H

#include "memory/fds.h"
#include "rt/net.h"

/* A socket of the kind that the program believes to have; close-on-exec. Returns it or -errno. */
long unsock_oracle_open(const struct unsock_fd *entry);

/*
 * setsockopt of such a socket. What it then answers is remembered of `fd`, if the option has a row. Returns 0 or
 * -errno.
 */
long unsock_oracle_set(int fd, struct unsock_fd *entry, int level, int name, const void *value, socklen_t length);

/* getsockopt of such a socket. Returns 0 or -errno. */
long unsock_oracle_get(struct unsock_fd *entry, int level, int name, void *value, socklen_t *length);

/*
 * Answers a getsockopt at `level` with the `size` bytes at `from`, as the kernel does: cut to the caller's `*length`,
 * which becomes the length used; both are the program's memory. Returns 0, -EFAULT or -EINVAL.
 */
long unsock_option_answer(const void *from, socklen_t size, int level, void *value, socklen_t *length);

#endif
