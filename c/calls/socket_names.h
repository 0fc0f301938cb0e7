/* getsockname and getpeername, and the addresses that other calls give. */
#ifndef UNSOCK_SOCKET_NAMES_H
#define UNSOCK_SOCKET_NAMES_H

#include "memory/fds.h"
#include "rt/net.h"
#include "rules/ip.h"

/* Do the settings show peers of this family as IP addresses? */
bool unsock_socket_names_converts(int family);

/* The family of the peers that a socket can have: one bound to an IPv4-mapped address has IPv4 peers only. */
int unsock_socket_names_family(const struct unsock_fd *entry);

/*
 * Gives an address to the program as the kernel does: cut to *length, which becomes the true length. Both are the
 * program's memory, as in all that follows. Returns 0, -EFAULT, or -EINVAL for a negative length.
 */
long unsock_socket_names_give(const union unsock_sockaddr *from, socklen_t from_length, void *address,
                              socklen_t *length);

/* Gives an IP address as a socket of `domain` shows it. The same results. */
long unsock_socket_names_give_ip(const struct unsock_ip *ip, int domain, void *address, socklen_t *length);

/*
 * Gives the peer's address of a connected redirected socket, where `peer` is the kernel's own name of it: as an IP
 * address, or unchanged for a family that the settings leave alone. The same results.
 */
long unsock_socket_names_peer(int fd, struct unsock_fd *entry, const union unsock_sockaddr *peer, socklen_t peer_length,
                              void *address, socklen_t *length);

#endif
