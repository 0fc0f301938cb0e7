/* UDP calls on covered addresses and redirected descriptors. All return a value or -errno, and leave errno alone. */
#ifndef UNSOCK_DATAGRAM_H
#define UNSOCK_DATAGRAM_H

#include "fds.h"

/* connect to a covered address. */
long unsock_datagram_connect(int fd, struct unsock_fd *entry, const struct unsock_ip *ip);

/* sendmsg to a covered address (`ip`), or, with `ip` NULL, on a redirected descriptor to its connected peer. */
long unsock_datagram_send(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags,
                          const struct unsock_ip *ip);

/* sendmsg to an address that is not covered: the descriptor becomes (or stays) the kernel's UDP socket. */
long unsock_datagram_send_real(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags);

/*
 * recvmsg on a redirected descriptor. `flags_wanted`: the caller wants msg_flags and control data; recvfrom, which is
 * cheaper, gives neither.
 */
long unsock_datagram_receive(int fd, struct unsock_fd *entry, struct msghdr *message, int flags, bool flags_wanted);

#endif
