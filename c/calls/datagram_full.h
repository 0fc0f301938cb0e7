/* Sending to a receiver whose queue is full (net.unix.max_dgram_qlen). */
#ifndef UNSOCK_DATAGRAM_FULL_H
#define UNSOCK_DATAGRAM_FULL_H

#include "memory/fds.h"
#include "rt/net.h"

/*
 * The kernel said -EAGAIN or -EINTR (`result`) to sending `message`, of `size` bytes in all. Goes on as UDP would: returns what
 * sendmsg returns, or `size` for a datagram that is dropped, or -EAGAIN where poll can tell when to go on.
 */
long unsock_datagram_full(int fd, const struct unsock_fd *entry, const struct msghdr *message, int flags, long result,
                          size_t size);

#endif
