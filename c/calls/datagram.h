/* UDP calls on covered addresses and redirected descriptors. All return a value or -errno, and leave errno alone. */
#ifndef UNSOCK_DATAGRAM_H
#define UNSOCK_DATAGRAM_H

#include "memory/fds.h"
#include "rt/net.h"
#include "rules/ip.h"

/* connect to a covered address. */
long unsock_datagram_connect(int fd, struct unsock_fd *entry, const struct unsock_ip *asked);

/*
 * Is it bound to an AF_UNIX path elsewhere, which a control file names? Then it is known by that name, and none is to
 * be given to it.
 */
bool unsock_datagram_stays(int fd, const struct unsock_fd *entry);

/* sendmsg to a covered address (`ip`), or, with `ip` NULL, on a redirected descriptor to its connected peer. */
long unsock_datagram_send(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags,
                          const struct unsock_ip *ip);

/* How many bytes a datagram can have; `ip` as above. */
size_t unsock_datagram_most(const struct unsock_fd *entry, const struct unsock_ip *ip);

/*
 * sendto with all decided already: the descriptor is a redirected one with a name (UNSOCK_NAMED), the address is
 * covered, and the datagram is no longer than it may be.
 */
long unsock_datagram_sendto(int fd, struct unsock_fd *entry, const void *data, size_t size, int flags,
                            const struct unsock_ip *ip);

/* sendmsg to an address that is not covered: the descriptor becomes (or stays) the kernel's UDP socket. */
long unsock_datagram_send_real(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags);

/* recvmsg and recvfrom on a redirected descriptor. `message` is a copy of the program's, what it points to is not. */
long unsock_datagram_receive(int fd, struct unsock_fd *entry, struct msghdr *message, int flags);
long unsock_datagram_recvfrom(int fd, struct unsock_fd *entry, void *data, size_t size, int flags, void *address,
                              socklen_t *length);

#endif
