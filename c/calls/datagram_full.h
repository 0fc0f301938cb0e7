/* Sending to a receiver whose queue is full (net.unix.max_dgram_qlen). */
#ifndef UNSOCK_DATAGRAM_FULL_H
#define UNSOCK_DATAGRAM_FULL_H

#include "memory/fds.h"
#include "rt/net.h"

/*
 * What to add to the flags of a send to a receiver that may not read: MSG_DONTWAIT where a wait in the kernel would be
 * at the cost of others, or where one has been in vain already.
 */
int unsock_datagram_full_flags(const struct unsock_fd *entry);

/*
 * The kernel said -EAGAIN or -EINTR (`result`) to sending `message`, of `size` bytes in all, with the program's `flags`
 * and those of unsock_datagram_full_flags (`added`). Goes on as UDP would: returns what sendmsg returns, or `size` for
 * a datagram that is dropped, or -EAGAIN where poll can tell when to go on.
 */
long unsock_datagram_full(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags, int added,
                          long result, size_t size);

#endif
